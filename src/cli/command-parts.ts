import type { Command } from 'commander';
import type { ExitCode, Terminal } from './terminal.ts';

/** What program.ts lends: how a verb gets its common options, and where its exit code goes. */
export interface CommandParts {
  readonly terminal: Terminal;
  readonly done: (code: ExitCode) => void;
  readonly common: (command: Command) => Command;
  readonly examples: (lines: readonly string[]) => string;
}
