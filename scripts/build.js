/** Compiles src/ to dist/ (what the image and the package run) and proves that it starts. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function must(what, args) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`build: ${what}`);
    process.exit(3);
  }
}

rmSync(`${ROOT}dist`, { recursive: true, force: true });
must('src/ does not compile.', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
must('dist/ does not start.', ['dist/main.js', '--version']);
