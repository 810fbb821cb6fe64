import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { fullTrail } from '../../test/fakes/trail.ts';
import { createLog } from '../log.ts';
import type { LogRules } from '../policy/log-rules.ts';
import type { Snapshot } from '../snapshot.ts';
import { Journal } from './journal.ts';
import { openLineTarget } from './line-target.ts';
import { LineWriter } from './line-writer.ts';
import type { Trail } from './trail.ts';
import type { Upload } from './upload.ts';

const KNOWN = {
  place: { parent: undefined, trusted: false, link: undefined },
  context: undefined,
  subject: 's',
  digest: 'd',
};
const told: string[] = [];
const log = createLog({ sink: { write: (line) => void told.push(line) } });
let file: string;
let uploaded: string[];
let journal: Journal;

beforeEach(() => {
  told.length = 0;
  uploaded = [];
  file = join(mkdtempSync(join(tmpdir(), 'behalf-')), 'records.ndjson');
  const target = openLineTarget('provenance.records', `file:${file}`);
  journal = new Journal({
    records: target && new LineWriter(target, { what: 'decision records', log }),
    upload: { add: (line: string) => void uploaded.push(line), close: () => Promise.resolve() } as unknown as Upload,
    keep: { detail: 'redacted', labelOf: () => 'pseudonym', isPlain: false },
    log,
  });
});

function enter(trail: Trail, known: Parameters<Journal['make']>[1]): void {
  const entry = journal.make(trail, known);
  if (entry !== undefined) journal.write(entry);
}

function ruled(rules: LogRules): Trail {
  return fullTrail({ live: { policy: { revision: 'r1', log: rules } } as unknown as Snapshot });
}

async function local(): Promise<Record<string, unknown>[]> {
  await journal.close(1000);
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('withholds input and result where the mask fails, counts it and tells once [T07]', async () => {
  const fail = (): never => {
    throw new Error('it trapped');
  };
  enter(ruled({ mask: fail }), KNOWN);
  enter(ruled({ mask: () => 'no rules' }), KNOWN);
  const records = await local();
  expect(records).toHaveLength(2);
  for (const record of records) {
    expect(record).not.toHaveProperty('input');
    expect(record).not.toHaveProperty('input_digest');
    expect(record).not.toHaveProperty('result');
    expect(record).toMatchObject({ erased: ['/input', '/result'], authz: { outcome: 'allow' } });
  }
  expect(journal.state.maskFailures).toBe(2);
  expect(told.filter((line) => line.includes('system.log.mask'))).toHaveLength(1);
});

it('masks what is uploaded as it masks the local record', async () => {
  enter(ruled({ mask: () => ['/input/request'] }), KNOWN);
  const [record] = await local();
  expect(record?.['input']).not.toHaveProperty('request');
  expect(uploaded.map((line) => JSON.parse(line) as unknown)).toEqual([record]);
});

it('leaves a dropped record out of the upload, and never out of the local records', async () => {
  enter(ruled({ drop: () => true }), KNOWN);
  enter(ruled({ drop: () => 'yes' }), KNOWN);
  enter(ruled({ drop: () => undefined }), KNOWN);
  expect(uploaded).toHaveLength(2);
  expect(await local()).toHaveLength(3);
});

it('asks the drop rule about what is not masked yet, as OPA does', () => {
  const drop = (record: { input?: object }): boolean => record.input !== undefined && 'request' in record.input;
  enter(ruled({ drop, mask: () => ['/input/request'] }), KNOWN);
  expect(uploaded).toEqual([]);
});

it('uploads what a failing drop rule was asked about: a filter must not cost the audit its records', () => {
  const fail = (): never => {
    throw new Error('it trapped');
  };
  enter(ruled({ drop: fail }), KNOWN);
  expect(uploaded).toHaveLength(1);
  expect(told.join('')).toContain('system.log.drop failed');
});
