import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the codes of refused bundles', () => {
  it('are the same set in the code and on docs/bundles.md', () => {
    const [, union = ''] = /export type BundleErrorCode =([^;]*);/.exec(read('./bundle-error.ts')) ?? [];
    const codes = [...union.matchAll(/'(bundle_\w+)'/g)].map(([, code]) => code);
    const rows = [...read('../../docs/bundles.md').matchAll(/^\| `(bundle_\w+)` \|/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(9);
    expect(rows).toEqual(codes);
  });
});
