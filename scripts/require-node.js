/**
 * The first act of every entry point: says what to do where Node is too old to run TypeScript. Plain JavaScript, so
 * that an old Node can read it; `node --import ./scripts/require-node.js file.ts` runs it before the file is loaded.
 */
const WANTED = 24;

if (Number(process.versions.node.split('.')[0]) < WANTED) {
  process.stderr.write(
    `Behalf needs Node ${WANTED} or newer; this is ${process.version} (${process.execPath}).\n` +
      'In a checkout, run `npm ci` once: it brings its own Node, and every `npm run` script then uses it.\n',
  );
  process.exit(2);
}
