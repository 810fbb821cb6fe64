/**
 * Makes every generated file that is committed: types from protos/, the schemas and docs/configuration.md from the
 * config's zod schema, docs/policy-input.md and its schema from its type,
 * docs/policy-library.md from the Rego, docs/builtins.md and policies/capabilities.json from the table of builtins,
 * docs/threat-coverage.md from the names of tests. `--check` compares instead and exits with 4 where one is stale.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const GENERATORS = [
  'generate-protos.js',
  'generate-config.ts',
  'generate-policy-input.ts',
  'generate-policy-library.ts',
  'generate-builtins.ts',
  'generate-threat-coverage.ts',
];

for (const file of GENERATORS) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { status } = spawnSync(process.execPath, [path, ...process.argv.slice(2)], { stdio: 'inherit' });
  if (status !== 0) {
    process.exitCode = status ?? 1;
  }
}
