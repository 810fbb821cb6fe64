import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpanKind } from '@opentelemetry/api';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { openLineTarget } from './line-target.ts';
import { SPAN_FIELDS } from './names.ts';
import type { Span } from './span.ts';
import { createSpanFile } from './span-file.ts';

const OURS = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
const THEIRS = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 };
const SPAN: Span = {
  name: 'behalf.check',
  kind: SpanKind.SERVER,
  context: OURS,
  parent: undefined,
  start: [1_795_348_800, 7],
  end: [1_795_348_801, 999_999_999],
  attributes: {},
  isError: false,
  link: undefined,
};
const HOSTILE = 'a"\\\n\u202e\u007f漢';

async function linesOf(spans: readonly Span[]): Promise<string[]> {
  const file = join(mkdtempSync(join(tmpdir(), 'behalf-spans-')), 'spans.ndjson');
  const target = openLineTarget('provenance.traces', `file:${file}`);
  if (target === undefined) throw new Error('no target');
  const sink = createSpanFile(target, pino({ level: 'silent' }));
  sink.add([...spans]);
  await sink.close(1000);
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

it('writes a span as one line, with what is documented and nothing else', async () => {
  const full: Span = {
    ...SPAN,
    parent: THEIRS,
    attributes: { 'behalf.hop': HOSTILE },
    isError: true,
    link: THEIRS,
    event: { name: 'behalf.shadow', time: [1, 2], attributes: {} } as unknown as NonNullable<Span['event']>,
  };
  const [line = ''] = await linesOf([full]);
  expect(line).not.toMatch(/[\u202e\u007f]/);
  const read = JSON.parse(line) as object;
  expect(Object.keys(read)).toEqual([...SPAN_FIELDS]);
  expect(read).toEqual({
    trace_id: OURS.traceId,
    span_id: OURS.spanId,
    parent_span_id: THEIRS.spanId,
    name: 'behalf.check',
    kind: 'server',
    start: '1795348800000000007',
    end: '1795348801999999999',
    attributes: { 'behalf.hop': HOSTILE },
    events: [{ name: 'behalf.shadow', time: '1000000002', attributes: {} }],
    status: 'error',
    links: [{ trace_id: THEIRS.traceId, span_id: THEIRS.spanId }],
  });
});

it('leaves out the parent that there is not', async () => {
  const [first = '', second = ''] = await linesOf([SPAN, { ...SPAN, kind: SpanKind.INTERNAL }]);
  expect(JSON.parse(first)).toEqual({
    trace_id: OURS.traceId,
    span_id: OURS.spanId,
    name: 'behalf.check',
    kind: 'server',
    start: '1795348800000000007',
    end: '1795348801999999999',
    attributes: {},
    events: [],
    status: 'unset',
    links: [],
  });
  expect(JSON.parse(second)).toMatchObject({ kind: 'internal' });
});
