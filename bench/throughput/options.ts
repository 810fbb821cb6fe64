import { parseArgs } from 'node:util';
import { requireLoopback } from '../stage/ghz.ts';

export interface Options {
  /** How often the servers take turns. */
  readonly rounds: number;
  /** Checks per turn with remembered tokens. */
  readonly warmChecks: number;
  /** New tokens per turn, each used once. */
  readonly firstSeen: number;
  /** Checks before anything is measured, so that the compiler has done its work. */
  readonly warmup: number;
  readonly traces: 'file' | 'otlp';
  /** Where the grants are: in a SQLite store, with revocation on, or in the tokens. */
  readonly grants: 'stored' | 'token';
  readonly peer: { readonly address: string; readonly pid: number | undefined } | undefined;
  /** Where keys and configuration stay after the run. */
  readonly folder: string | undefined;
  readonly json: boolean;
}

export const HELP = `Measures Checks a second: Behalf next to an ext_authz server that decides nothing.

Examples:
  npm run bench                              5 alternations; about three minutes
  npm run bench -- --quick                   2 short ones: does it run at all
  npm run bench -- --traces otlp             spans to a collector over OTLP, not to a file
  npm run bench -- --folder /tmp/b --peer 127.0.0.1:9292 --peer-pid 4711
                                             also measures a server of yours. /tmp/b/jwks.json holds the keys that
                                             its tokens are signed with; it is made by the first run and then kept

Options:
  --rounds N         how often the servers take turns (5)
  --quick            2 rounds, few Checks
  --traces WHERE     file, or otlp (file)
  --grants WHERE     stored, in a SQLite store, or token (stored)
  --peer HOST:PORT   any ext_authz server on this machine
  --peer-pid PID     its process, for its processor time; pin it to the first processor yourself
  --folder DIR       keep keys, configuration, records and traces here
  --json             the figures as JSON on stdout
`;

/** @throws Error that says what is wrong with the arguments */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      traces: { type: 'string', default: 'file' },
      grants: { type: 'string', default: 'stored' },
      peer: { type: 'string' },
      'peer-pid': { type: 'string' },
      folder: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { traces, grants, peer, quick } = values;
  if (traces !== 'file' && traces !== 'otlp') throw new Error(`--traces is file or otlp, not ${traces}`);
  if (grants !== 'stored' && grants !== 'token') throw new Error(`--grants is stored or token, not ${grants}`);
  if (peer !== undefined) requireLoopback(peer);
  const pid = values['peer-pid'];
  const sizes = quick
    ? { rounds: 2, warmChecks: 3000, firstSeen: 2000, warmup: 3000 }
    : { rounds: 5, warmChecks: 20_000, firstSeen: 20_000, warmup: 10_000 };
  return {
    ...sizes,
    ...(values.rounds !== undefined && { rounds: positive(values.rounds, '--rounds') }),
    traces,
    grants,
    peer:
      peer === undefined ? undefined : { address: peer, pid: pid === undefined ? pid : positive(pid, '--peer-pid') },
    folder: values.folder,
    json: values.json,
  };
}

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is a whole number above 0, not ${text}`);
  return value;
}
