import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readToken } from './token.ts';

const folder = mkdtempSync(join(tmpdir(), 'behalf-token-'));

function file(content: string): string {
  const path = join(folder, String(Math.random()));
  writeFileSync(path, content);
  return `file:${path}`;
}

describe('readToken', () => {
  it('reads a file each time, without its last line break', () => {
    const reference = file('abc.def\n');
    expect(readToken(reference)).toBe('abc.def');
    writeFileSync(reference.slice('file:'.length), 'renewed');
    expect(readToken(reference)).toBe('renewed');
  });

  it('reads a variable of the environment', () => {
    process.env['BEHALF_TEST_TOKEN'] = 'abc';
    onTestFinished(() => void delete process.env['BEHALF_TEST_TOKEN']);
    expect(readToken('env:BEHALF_TEST_TOKEN')).toBe('abc');
    expect(() => readToken('env:BEHALF_TEST_NONE')).toThrow('BEHALF_TEST_NONE is not set');
  });

  it.each([
    ['two lines', 'secret-one\nx-admin: true'],
    ['a space', 'secret one'],
    ['nothing', '\n'],
    ['what is not ASCII', 'secret-ö'],
  ])('refuses %s, and does not quote it', (_, content) => {
    const reference = file(content);
    expect(() => readToken(reference)).toThrow('holds no token');
    expect(() => readToken(reference)).not.toThrow('secret');
    process.env['BEHALF_TEST_TOKEN'] = content;
    onTestFinished(() => void delete process.env['BEHALF_TEST_TOKEN']);
    expect(() => readToken('env:BEHALF_TEST_TOKEN')).toThrow('holds no token');
    expect(() => readToken('env:BEHALF_TEST_TOKEN')).not.toThrow('secret');
  });

  it('says why a file cannot be read', () => {
    expect(() => readToken(`file:${join(folder, 'none')}`)).toThrow('there is no such file');
  });
});
