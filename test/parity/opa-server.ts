import { type ChildProcess, spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import type { Outcome } from './outcome.ts';

/** A running `opa run --server` on loopback, which decides by its interpreter. */
export interface OpaServer {
  /** What it says with strict builtin errors. */
  ask(input: unknown): Promise<Outcome>;
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 20_000;
const ANSWERS_WITHIN_MS = 10_000;
const PANIC = JSON.stringify({ errors: [{ code: 'panic', message: 'OPA hung up' }] });

/**
 * Starts OPA with the policies of a folder.
 * @param options.path of the rule that is asked for, such as `behalf/authz/decision`
 */
export async function startOpa(
  opa: string,
  options: { readonly folder: string; readonly path: string },
): Promise<OpaServer> {
  const port = await freePort();
  const flags = [
    '--addr',
    `127.0.0.1:${port}`,
    '--log-level',
    'error',
    '--skip-version-check',
    '--ignore',
    '*_test.rego',
  ];
  const child = spawn(opa, ['run', '--server', ...flags, '--bundle', '.'], {
    cwd: options.folder,
    stdio: 'ignore',
    env: { ...process.env, TZ: 'UTC' },
  });
  const kill = (): boolean => child.kill('SIGKILL');
  // Not even a run that was interrupted leaves one behind.
  process.once('exit', kill);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const post = (path: string, body: string): Promise<Answer> => send({ agent, port, path }, body);
  await ready(child, () => post('/v1/data', '{}'));
  return {
    ask: async (input) =>
      readAnswer(await post(`/v1/data/${options.path}?strict-builtin-errors=true`, JSON.stringify({ input }))),
    stop: async () => {
      agent.destroy();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      kill();
      await ended;
      process.removeListener('exit', kill);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Said {
  readonly result?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly errors?: readonly { readonly code?: string; readonly message?: string }[];
}

function readAnswer({ status, body }: Answer): Outcome {
  const said = JSON.parse(body) as Said;
  if (status === 200) return 'result' in said ? { kind: 'value', value: said.result } : { kind: 'undefined' };
  // Where its result cannot be written as JSON, such as the number ".5", it says so in another form.
  const [first = said] = said.errors ?? [];
  if (status === 500 && first.code !== undefined) return { kind: 'error', detail: `${first.code}: ${first.message}` };
  throw new Error(`OPA answered ${status}: ${body}`);
}

async function ready(child: ChildProcess, probe: () => Promise<unknown>): Promise<void> {
  const until = performance.now() + STARTS_WITHIN_MS;
  for (;;) {
    try {
      await probe();
      return;
    } catch (cause) {
      if (child.exitCode !== null || performance.now() > until) throw new Error('OPA did not start', { cause });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function send(to: { agent: Agent; port: number; path: string }, body: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { agent, port, path } = to;
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }));
      response.on('error', reject);
    });
    call.on('error', (error: NodeJS.ErrnoException) => {
      // A handler of OPA's that panics hangs up; its process goes on.
      if (error.code === 'ECONNRESET') resolve({ status: 500, body: PANIC });
      else reject(error);
    });
    call.setTimeout(ANSWERS_WITHIN_MS, () => call.destroy(new Error(`OPA takes too long for ${body}`)));
    call.end(body);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
