import { writeFileSync } from 'node:fs';
import { fileReason } from '../config/problem.ts';
import { StartError } from './failure.ts';
import type { Terminal } from './terminal.ts';

/**
 * Writes what a verb made to stdout, or to the file that `--out` names.
 * @throws StartError
 */
export function writeOut(text: string, out: string | undefined, terminal: Terminal): void {
  if (out === undefined) {
    terminal.out(text);
    return;
  }
  try {
    writeFileSync(out, text);
  } catch (error) {
    throw new StartError(`--out ${out} cannot be written: ${fileReason(error)}`, { cause: error });
  }
  terminal.err(`behalf: wrote ${out}\n`);
}
