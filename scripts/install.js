/**
 * Installs the dependencies where they are missing or are not the lockfile's. Runs on Node 20, before anything is
 * installed. Afterwards node_modules/.bin/node is the Node 24 that everything else runs on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run } from './run.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODE = join(ROOT, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');

/** Why an install is needed, as a clause; undefined where it is not. */
function whyInstall() {
  const hidden = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) {
    return 'nothing is installed yet';
  }
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path !== '' && present[path]?.version !== version && !(optional && present[path] === undefined)) {
      return `${path} is not version ${version}`;
    }
  }
  return existsSync(NODE) ? undefined : 'its Node 24 is missing';
}

/**
 * Makes node_modules equal to the lockfile.
 * @returns the path of a Node ≥ 24
 * @throws Error that says what to do
 */
export async function ensureInstalled() {
  const why = whyInstall();
  if (why !== undefined) {
    const code = await run(`Installing dependencies (npm ci), because ${why}`, 'npm', ['ci', '--loglevel=error'], {
      cwd: ROOT,
    });
    if (code !== 0) {
      throw new Error('npm ci failed. Its message above says why; fix that and run this again.');
    }
  }
  const version = spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout?.trim() ?? '';
  if (Number(version.slice(1).split('.')[0]) >= 24) {
    return NODE;
  }
  throw new Error(
    `The Node that npm installed says "${version}" instead of v24. Its install script may be blocked: ` +
      'run `npm rebuild node`, or install Node 24 yourself.',
  );
}
