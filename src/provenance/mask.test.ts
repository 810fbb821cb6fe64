import { describe, expect, it } from 'vitest';
import { maskRecord } from './mask.ts';
import type { DecisionRecord } from './record.ts';

const RECORD: DecisionRecord = {
  decision_id: 'd-1',
  erased: ['/input/subject/claims'],
  input: {
    request: { path: '/a', host: 'h' },
    chain: [{ id: 'x' }, { id: 'y' }],
    mcp: { tool: 'pay' },
    batch: [{ tool: 'pay' }],
  },
  result: { allow: true, reasons: [{ code: 'c', message: 'm' }] },
  authz: { outcome: 'allow' },
};

function masked(...rules: readonly unknown[]): DecisionRecord {
  return maskRecord(RECORD, () => rules);
}

describe("a bundle's mask", () => {
  it('removes what a pointer names, and lists it beside what was erased already', () => {
    const record = masked('/input/request/path', { op: 'remove', path: '/input/chain/0' });
    expect(record).toMatchObject({ input: { request: { host: 'h' }, chain: [{ id: 'y' }] } });
    expect(JSON.stringify(record)).not.toContain('"/a"');
    expect((record.erased as string[]).toSorted()).toEqual([
      '/input/chain/0',
      '/input/request/path',
      '/input/subject/claims',
    ]);
  });

  it('replaces where it says upsert', () => {
    const record = masked({ op: 'upsert', path: '/result/reasons', value: [] });
    expect(record.result).toEqual({ allow: true, reasons: [] });
    expect(record.masked).toEqual(['/result/reasons']);
  });

  it('hides the elements that were meant, though a list closes up', () => {
    expect(masked('/input/chain/0', '/input/chain/1').input).toMatchObject({ chain: [] });
  });

  it('can take input and result whole', () => {
    const record = masked('/input', '/result');
    expect(record).not.toHaveProperty('input');
    expect(record).not.toHaveProperty('result');
    expect(record.authz).toEqual({ outcome: 'allow' });
  });

  it('hides of every element of a batch what it hides of the first', () => {
    expect(masked('/input/mcp/tool').input).toMatchObject({ mcp: {}, batch: [{}] });
    expect(masked('/input/mcp/tool').erased).toContain('/input/batch/0/tool');
    expect(JSON.stringify(masked('/input/mcp'))).not.toContain('pay');
  });

  it.each([['/input/nothing'], ['/input/request/path/deeper'], [{ op: 'upsert', path: '/input/new', value: 1 }]])(
    'does nothing where there is nothing: %j',
    (rule) => {
      expect(masked(rule)).toEqual(RECORD);
    },
  );

  it('says nothing where the rule is undefined', () => {
    expect(maskRecord(RECORD, () => undefined)).toBe(RECORD);
  });

  it('does not change the record that it is given: its parts are the Check’s', () => {
    const before = structuredClone(RECORD);
    masked('/input/request/path', '/input/chain/0', { op: 'upsert', path: '/result/allow', value: null });
    expect(RECORD).toEqual(before);
  });

  it.each([
    ['no set', () => ({})],
    ['no pointer', () => ['input/request']],
    ['another part of the record', () => ['/authz/outcome']],
    ['an unknown operation', () => [{ op: 'add', path: '/input/x', value: 1 }]],
    ['no path', () => [{ op: 'remove' }]],
    ['a rule of another type', () => [7]],
  ])('throws where it is %s, so that all is withheld [T07]', (_, mask) => {
    expect(() => maskRecord(RECORD, mask)).toThrow(TypeError);
  });
});
