import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isRefusalCode, REFUSALS, Refusal } from './refusals.ts';

const page = readFileSync(new URL('../docs/refusals.md', import.meta.url), 'utf8');

describe('the table of refusals', () => {
  it('is the same set of codes as docs/refusals.md, both ways (T12)', () => {
    const headings = [...page.matchAll(/^### `(\w+)`$/gm)].map(([, code]) => code);
    expect(headings.toSorted()).toEqual(Object.keys(REFUSALS).toSorted());
  });

  it('says on the page the class and status that the table has', () => {
    for (const { code, class: cls, httpStatus, text } of Object.values(REFUSALS)) {
      expect(page).toContain(`### \`${code}\`\n\n**${cls}, ${httpStatus}.** ${text}`);
    }
  });

  it('has no status that Envoy would take for an allow', () => {
    for (const row of Object.values(REFUSALS)) {
      expect(row.grpcCode).toBeGreaterThan(0);
      expect(row.httpStatus).toBeGreaterThanOrEqual(400);
    }
  });

  it('knows its own words only', () => {
    expect(isRefusalCode('policy_denied')).toBe(true);
    expect(isRefusalCode('allowed')).toBe(false);
    expect(isRefusalCode('toString')).toBe(false);
  });

  it('collects no stack, and leaves the stack limit as it was', () => {
    const before = Error.stackTraceLimit;
    expect(new Refusal('hop_unknown', 'x').stack).not.toContain('\n    at ');
    expect(Error.stackTraceLimit).toBe(before);
  });
});
