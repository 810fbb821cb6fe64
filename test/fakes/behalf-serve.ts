/** The program itself: `behalf serve` and other verbs, each as a process, on a config file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stopChild } from './stop-child.ts';

const BIN = fileURLToPath(new URL('../../bin/behalf.js', import.meta.url));
const START_WITHIN_MS = 30_000;

export interface Serving {
  /** Where it takes Checks. */
  readonly address: string;
  stop(): Promise<void>;
}

function start(args: readonly string[], stdio: 'ignore' | 'pipe'): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '' };
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', stdio, 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

/** Starts `behalf serve`, and waits until it says that it is ready. @throws with what it said, when it did not start */
export async function startServe(config: string): Promise<Serving> {
  const child = start(['serve', '--config', config], 'ignore');
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = () => reject(new Error(`behalf serve did not start. It said:\n${said.slice(-12).join('\n')}`));
  const timer = setTimeout(fail, START_WITHIN_MS);
  child.once('exit', fail);
  if (child.stderr === null) throw new TypeError('a piped stream is there');
  createInterface({ input: child.stderr }).on('line', (line) => {
    said.push(line);
    const { msg, check } = line.startsWith('{') ? (JSON.parse(line) as { msg?: string; check?: string }) : {};
    if (msg === 'ready' && check !== undefined) resolve(check);
  });
  try {
    return { address: await promise, stop: () => stopChild(child, 8000) };
  } catch (error) {
    await stopChild(child, 1000);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Runs one verb to its end. @throws with what it said, where its exit code is not 0 */
export async function runBehalf(args: readonly string[]): Promise<string> {
  const child = start(args, 'pipe');
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`behalf ${args.join(' ')} ended with ${code}: ${err}${out}`);
  return out;
}
