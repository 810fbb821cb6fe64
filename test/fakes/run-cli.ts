import { findTool } from '../../scripts/find-tool.js';
import { runCli } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

/** How one command line ended, and what it wrote. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command line in this process, without an environment. */
export async function run(...argv: readonly string[]): Promise<Said> {
  return await runIn({}, argv);
}

/** The same, with the OPA that the tests found. */
export async function runWithOpa(...argv: readonly string[]): Promise<Said> {
  return await runIn({ OPA_BIN: findTool('opa') }, argv);
}

async function runIn(env: Terminal['env'], argv: readonly string[]): Promise<Said> {
  const said = { out: '', err: '' };
  const code = await runCli(argv, {
    env,
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
  });
  return { code, ...said };
}
