import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLineTarget, openLineTarget } from './line-target.ts';

const folder = mkdtempSync(join(tmpdir(), 'behalf-'));

describe('a target for lines', () => {
  it('is nothing for none, and descriptor 1 for stdout', () => {
    expect(openLineTarget('provenance.records', 'none')).toBeUndefined();
    expect(openLineTarget('provenance.records', 'stdout')).toMatchObject({ fd: 1, name: 'stdout' });
  });

  it('is a file that only its owner reads', () => {
    const path = join(folder, 'records.ndjson');
    const target = openLineTarget('provenance.records', `file:${path}`);
    expect(target).toMatchObject({ name: path, isFile: true });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    if (target !== undefined) closeLineTarget(target);
  });

  it.each([
    ['a folder that is not there', `file:${folder}/none/records`, /provenance\.records: cannot open .*ENOENT.*folder/],
    ['a folder', `file:${folder}`, /EISDIR.*name a file/],
    ['a file as a folder', `file:${join(folder, 'plain')}/records`, /ENOTDIR/],
    ['no path', 'file:', /names no target/],
    ['an unknown word', 'syslog', /names no target/],
  ])('cannot be %s, and the error says what to do', (_, value, message) => {
    writeFileSync(join(folder, 'plain'), '');
    expect(() => openLineTarget('provenance.records', value)).toThrow(message);
  });
});
