/**
 * What must never be committed: a machine's paths, a package registry's address, a secret. Reads every file that git
 * tracks or would track; exit 4 where one of them holds such a thing.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const RULES = [
  ['a path of one machine', /(?<![\w.])\/(?:root|home\/(?!nonroot)\w+|Users\/\w+|work)\//],
  [
    'the address of a package registry',
    /\b(?:registry|pypi|files|proxy|sum|index)\.(?:[\w-]+\.)?(?:org|dev|io)\b(?!\.)/,
  ],
  ['a registry setting', /^\s*(?:@[\w-]+:)?(?:registry|index-url|_authToken)\s*=/m],
  ['a private key', /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{60}/],
  ['a private JWK', /"d"\s*:\s*"[\w-]{40,}"/],
  ['a signed token', /\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{40,}/],
  ['a cloud key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{36}|\bnpm_\w{36}/],
];

// Strings like these are what the rules look for, and the licence is not ours to change. Signatures of bundles are JWTs by
// their format; those of the fixtures are made by OPA with keys that were thrown away.
const EXEMPT = new Set(['scripts/check-hygiene.js', 'LICENSE']);

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
  cwd: ROOT,
  encoding: 'utf8',
}).split('\0');

let found = 0;
/** Signatures of bundles are JWTs by their format; those of the fixtures were made by OPA with keys that are gone. */
const isExempt = (name) => EXEMPT.has(name) || /^test\/fixtures\/bundles\/\w+\.signatures\.json$/.test(name);

for (const file of files.filter((name) => name !== '' && !isExempt(name))) {
  const path = join(ROOT, file);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    continue;
  }
  const text = readFileSync(path, 'utf8');
  for (const [what, pattern] of RULES) {
    const at = pattern.exec(text);
    if (at !== null) {
      found += 1;
      console.error(`${file}:${text.slice(0, at.index).split('\n').length}: ${what}`);
    }
  }
}
if (found > 0) {
  console.error('Take these out before they are committed.');
  process.exitCode = 4;
}
