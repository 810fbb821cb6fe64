#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say what to do.
import { existsSync } from 'node:fs';

const WANTED = 24;

if (Number(process.versions.node.split('.')[0]) < WANTED) {
  process.stderr.write(
    `behalf: needs Node ${WANTED} or newer: this is ${process.version} (${process.execPath}); ` +
      'in a checkout, run `npm install`, which brings the right one, and then `npm run behalf -- VERB`\n',
  );
  process.exitCode = 2;
} else {
  // A checkout runs its sources, whatever an old build left in dist/; a published package has no src/.
  const source = new URL('../src/main.ts', import.meta.url);
  await import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href);
}
