import { join } from 'node:path';
import { shownPath } from '../config/problem.ts';

/** One error of OPA. */
export interface OpaProblem {
  /** `file:line`, as the author would type it; absent where OPA names none. */
  readonly where: string | undefined;
  readonly message: string;
}

const PREAMBLE = /^(?:error: )?(?:load error: )?(?:bundle \S+: )?(?:\d+ errors? occurred(?: during loading)?:)?\s*/;

/**
 * Reads the errors that OPA writes for people, one a line. It prints the line of Rego and a caret below some: those are
 * left out, because the place says it.
 * @param folder where OPA ran: its paths are relative to it
 */
export function opaProblems(said: string, folder: string): readonly OpaProblem[] {
  const lines = said
    .trim()
    .replace(PREAMBLE, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s/.test(line));
  return lines.map((line) => {
    const { file, row, message = line } = /^(?<file>\S+\.\w+):(?<row>\d+): (?<message>.*)$/.exec(line)?.groups ?? {};
    const where = file === undefined || row === undefined ? undefined : `${shownPath(join(folder, file))}:${row}`;
    return { where, message };
  });
}
