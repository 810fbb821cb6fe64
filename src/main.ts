/** The process: reads its command line, runs one verb, and ends with its exit code. */
import { runCli } from './cli/program.ts';

const exitCode = await runCli(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
});

// An exporter or a socket that is still open must not keep a finished process alive; but a pipe takes what was written only
// as fast as it is read, and `process.exit` would cut it off.
await Promise.all([written(process.stdout), written(process.stderr)]);
process.exit(exitCode);

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
