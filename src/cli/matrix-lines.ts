import { createReadStream } from 'node:fs';

// Longer than any decision record: a file without line ends must not be held whole.
const LONGEST = 1024 * 1024;

/**
 * Reads a file line by line, whatever its size. A line that is longer than any record comes cut, and so is none.
 * @throws Error of the file system
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = chunk.split('\n');
    lines[0] = (rest + (lines[0] ?? '')).slice(0, LONGEST);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
