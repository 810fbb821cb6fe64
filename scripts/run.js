/** Runs one program with its output shown as it comes, and a sign of life where it says nothing for a while. */
import { spawn } from 'node:child_process';

const QUIET_SECONDS = 10;

/** `65` → `1 min 5 s`. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * @param {string} sentence what is being done, for the person who waits
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void}} [options]
 * @returns {Promise<number>} the exit code; 127 where the program could not be started
 */
export function run(sentence, command, args, { cwd, env, onLine } = {}) {
  const started = performance.now();
  let lastWord = started;
  console.error(`\n── ${sentence} …`);
  const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  const alive = setInterval(() => {
    if (performance.now() - lastWord > QUIET_SECONDS * 1000) {
      lastWord = performance.now();
      console.error(`   … still at it after ${duration(lastWord - started)}`);
    }
  }, 1000);
  const show = (from, to) => {
    let rest = '';
    from.setEncoding('utf8').on('data', (text) => {
      lastWord = performance.now();
      to.write(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        onLine?.(line);
      }
    });
    from.on('end', () => onLine?.(rest));
  };
  show(child.stdout, process.stdout);
  show(child.stderr, process.stderr);
  return new Promise((resolve) => {
    const done = (code, problem) => {
      clearInterval(alive);
      console.error(`── ${code === 0 ? 'done' : `FAILED (${problem})`} in ${duration(performance.now() - started)}`);
      resolve(code);
    };
    child.on('error', (error) => done(127, `${command} cannot be started: ${error.code}`));
    child.on('close', (code, signal) => done(code ?? 1, signal === null ? `exit code ${code}` : signal));
  });
}
