import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '../log.ts';
import { LineWriter } from './line-writer.ts';

const told: { level: string; code?: string; msg: string }[] = [];
const log = createLog({ sink: { write: (line) => void told.push(JSON.parse(line) as (typeof told)[number]) } });
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-'));
  told.length = 0;
});

function lines(count: number, length = 100): string[] {
  return Array.from({ length: count }, (_, i) => String(i).padEnd(length - 1, '.'));
}

const textOf = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

function toFile(maxBytes?: number): { writer: LineWriter; content: () => string } {
  const path = join(folder, 'lines');
  const target = { fd: openSync(path, 'a'), name: path, isFile: true };
  const options = { what: 'lines', log, ...(maxBytes !== undefined && { maxBytes }) };
  return { writer: new LineWriter(target, options), content: () => readFileSync(path, 'utf8') };
}

/** A named pipe, open at both ends, so that opening waits for no one. */
function pipe(): { path: string; fd: number; read: () => string } {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(1 << 20);
  const read = (): string => {
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer));
    } catch {
      return '';
    }
  };
  return { path, fd, read };
}

describe('the line writer', () => {
  it('writes every line, in order, after a while', async () => {
    const { writer, content } = toFile();
    const all = lines(5000);
    all.forEach((line) => writer.write(line));
    await vi.waitFor(() => expect(content()).toBe(textOf(all)));
    await writer.close(1000);
    expect(writer.dropped).toBe(0);
  });

  it('writes what it holds when it is closed, and counts what comes later', async () => {
    const { writer, content } = toFile();
    writer.write('one');
    await writer.close(1000);
    writer.write('two');
    expect(content()).toBe('one\n');
    expect(writer.dropped).toBe(1);
  });

  it('drops and counts each line past its bound, and says so once (threats T02)', async () => {
    const { writer, content } = toFile(1000);
    lines(25).forEach((line) => writer.write(line));
    expect(writer.dropped).toBe(15);
    await writer.close(1000);
    expect(content()).toBe(textOf(lines(25).slice(0, 10)));
    expect(told.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('waits for a pipe that is full, and tears no line', async () => {
    const { fd, read } = pipe();
    const writer = new LineWriter({ fd, name: 'pipe', isFile: false }, { what: 'lines', log });
    const all = lines(20_000);
    all.forEach((line) => writer.write(line));
    let seen = '';
    await vi.waitFor(
      () => {
        seen += read();
        expect(seen).toHaveLength(2_000_000);
      },
      { timeout: 5000, interval: 1 },
    );
    expect(seen).toBe(textOf(all));
    expect(writer.dropped).toBe(0);
    expect(told).toEqual([]);
    await writer.close(1000);
  });

  it('keeps lines while no one reads, tells once of the failure and once of its end (threats T04)', async () => {
    const { path, fd: both, read } = pipe();
    const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    closeSync(both);
    const writer = new LineWriter({ fd, name: 'pipe', isFile: false }, { what: 'lines', log });
    writer.write('one');
    await vi.waitFor(() => expect(writer.failure).toBe('EPIPE'));
    writer.write('two');
    const again = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    await vi.waitFor(() => expect(writer.failure).toBeUndefined(), { timeout: 5000 });
    const buffer = Buffer.alloc(100);
    expect(buffer.toString('utf8', 0, readSync(again, buffer))).toBe('one\ntwo\n');
    expect(told.map(({ level, code }) => [level, code])).toEqual([
      ['error', 'EPIPE'],
      ['warn', undefined],
    ]);
    expect(writer.dropped).toBe(0);
    expect(read()).toBe('');
    await writer.close(1000);
  });

  it('writes lines of any length and script as they are, page after page', async () => {
    const { writer, content } = toFile();
    const all = [
      '',
      'é'.repeat(160_000),
      '𝄞'.repeat(20_000),
      ...lines(3000),
      'x'.repeat(200_000),
      '日'.repeat(87_381),
      'end',
    ];
    all.forEach((line) => writer.write(line));
    await vi.waitFor(() => expect(content()).toBe(textOf(all)));
    all.forEach((line) => writer.write(line));
    await writer.close(1000);
    expect(content()).toBe(textOf([...all, ...all]));
    expect(writer.dropped).toBe(0);
  });

  it('survives a full disk, and counts what it could not write (threats T04)', async () => {
    const target = { fd: openSync('/dev/full', 'w'), name: '/dev/full', isFile: false };
    const writer = new LineWriter(target, { what: 'lines', log });
    lines(10).forEach((line) => writer.write(line));
    await vi.waitFor(() => expect(writer.failure).toBe('ENOSPC'));
    await writer.close(50);
    expect(writer.dropped).toBe(10);
    expect(told).toHaveLength(1);
  });
});
