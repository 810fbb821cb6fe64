/** `npm run bench:watch`: how long after a save does `policy test --watch` say what became of the shipped policies? */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SAVES = 20;
const WITHIN_MS = 1000;
/** A result that never comes ends the bench. */
const GIVE_UP_MS = 20_000;

const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'behalf-bench-watch-'));

interface Said {
  readonly ok: boolean;
  readonly ran: number;
}

try {
  process.exitCode = await measure();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<number> {
  cpSync(root('policies'), folder, { recursive: true });
  const command = [root('bin/behalf.js'), 'policy', 'test', folder, '--watch', '--json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  try {
    const { ran } = await next(lines);
    console.log(`${ran} tests of policies/, ${SAVES} saves`);
    const took: number[] = [];
    for (let save = 0; save < SAVES; save++) took.push(await afterSave(lines, save));
    return report(took);
  } finally {
    child.kill('SIGTERM');
  }
}

/** Each other save breaks a test, so that what is printed is proven to be about what was saved. */
async function afterSave(lines: AsyncIterator<string>, save: number): Promise<number> {
  // The watch is asked to notice one save, not two in one.
  await sleep(200);
  const [path, source] = [join(folder, 'authz.rego'), readFileSync(root('policies/authz.rego'), 'utf8')];
  const isBroken = save % 2 === 0;
  const saved = isBroken ? source.replaceAll('action_permitted', `action_permitted_${save}`) : source;
  const started = performance.now();
  writeFileSync(path, saved);
  const { ok, ran } = await next(lines);
  const took = performance.now() - started;
  if (ok === isBroken || ran === 0) throw new Error(`save ${save}: ok is ${ok} after ${ran} tests`);
  return took;
}

async function next(lines: AsyncIterator<string>): Promise<Said> {
  const late = sleep(GIVE_UP_MS, undefined, { ref: false });
  const line = await Promise.race([lines.next(), late]);
  if (line === undefined || line.done === true) throw new Error('behalf policy test --watch says nothing');
  return JSON.parse(line.value) as Said;
}

function report(took: readonly number[]): number {
  const sorted = [...took].sort((a, b) => a - b);
  const [median = 0, worst = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  console.log(`from the save to the result: median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`);
  if (worst < WITHIN_MS) return 0;
  console.log(`slower than ${WITHIN_MS} ms`);
  return 1;
}
