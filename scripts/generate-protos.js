/**
 * Makes src/generated from protos/ (`npm run generate`). `--check` makes it in a temporary folder instead and exits
 * with 4 where the committed files differ.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMMITTED = join(ROOT, 'src/generated');
const GENERATOR = join(ROOT, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js');

// The loader's own options are in src/wire.ts; --keepCase, --longs and --enums must say the same.
const FLAGS = [
  '--keepCase',
  '--longs=Number',
  '--enums=Number',
  '--optionalDefaults=false',
  '--grpcLib=@grpc/grpc-js',
  '--targetFileExtension=.ts',
  '--importFileExtension=.ts',
  '--includeDirs=protos',
];
const FILES = ['envoy/service/auth/v3/external_auth.proto', 'grpc/health/v1/health.proto'];

function generate(folder) {
  execFileSync(process.execPath, [GENERATOR, ...FLAGS, `--outDir=${folder}`, ...FILES], { cwd: ROOT });
}

/** Relative path → content. */
function read(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((path) => statSync(join(folder, path)).isFile());
  return new Map(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

function differences() {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-protos-'));
  try {
    generate(folder);
    const [wanted, committed] = [read(folder), read(COMMITTED)];
    return [...new Set([...wanted.keys(), ...committed.keys()])].filter(
      (path) => wanted.get(path) !== committed.get(path),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv.includes('--check')) {
  const stale = differences();
  for (const path of stale) {
    console.error(`src/generated/${path} is not what protos/ makes.`);
  }
  if (stale.length > 0) {
    console.error('Run `npm run generate` and commit the result.');
    process.exitCode = 4;
  }
} else {
  rmSync(COMMITTED, { recursive: true, force: true });
  generate(COMMITTED);
}
