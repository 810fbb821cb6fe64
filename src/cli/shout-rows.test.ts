import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Hop, Matrix } from '../matrix/hop.ts';
import { shoutRows } from './shout-rows.ts';

const END = Date.UTC(2026, 11, 2);

function said(
  over: Partial<Hop>,
  now: number,
  isDurable = true,
): readonly { level: number; msg: string; [field: string]: unknown }[] {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const delegation = { mode: 'required', grant: 'stored' };
  const hop = { id: 'a.row', rollout: { mode: 'enforce' }, exceptions: [], delegation, ...over } as unknown as Hop;
  shoutRows({ hops: new Map([[hop.id, hop]]) } as unknown as Matrix, { now, isDurable, log });
  return lines.map((line) => JSON.parse(line) as { level: number; msg: string });
}

describe('shoutRows', () => {
  it('says nothing of a row that enforces and deviates from nothing', () => {
    expect(said({}, END)).toEqual([]);
  });

  it('names a row whose grants nobody can make', () => {
    expect(said({}, END, false)[0]?.msg).toContain('store: sqlite:');
    expect(said({ delegation: { mode: 'required', grant: 'token' } } as never, END, false)).toEqual([]);
  });

  it('names a row that is only observed, and its last day', () => {
    const observed = { rollout: { mode: 'observe', until: END } } as const;
    expect(said(observed, END - 1)).toMatchObject([{ level: 40, hop: 'a.row', until: '2026-12-01' }]);
    expect(said(observed, END - 1)[0]?.msg).toContain('ONLY OBSERVED');
    expect(said(observed, END)[0]?.msg).toContain('enforces now');
  });

  it('names an exception with its owner, and one that has run out as an error', () => {
    const excused = {
      exceptions: [{ rule: 'unbound-sender', owner: 'crm@acme.example', reason: 'vendor', expires: END }],
    };
    expect(said(excused, END - 1)).toMatchObject([{ level: 40, owner: 'crm@acme.example', expires: '2026-12-01' }]);
    expect(said(excused, END)).toMatchObject([{ level: 50 }]);
  });
});
