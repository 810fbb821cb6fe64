/** The demo is the whole program in its main job, so it is a test too: every row of demo/story.yaml must hold. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWithEnvoy } from './with-envoy.ts';

interface Report {
  readonly ok: boolean;
  readonly calls: readonly {
    readonly call: string;
    readonly traceId?: string;
    readonly surprises: readonly string[];
  }[];
  readonly envoy: { readonly ok: number; readonly denied: number; readonly records: number; readonly agrees: boolean };
}

const main = fileURLToPath(new URL('../../demo/main.ts', import.meta.url));

/** Runs the demo to its end; `listen` hears what it says on stderr as it says it. */
async function demo(
  options: readonly string[],
  listen: (said: string, child: ChildProcess) => void = () => {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [main, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  const stdout = text(child.stdout);
  let stderr = '';
  for await (const chunk of child.stderr.setEncoding('utf8')) {
    stderr += String(chunk);
    listen(stderr, child);
  }
  await closed;
  return { code: child.exitCode, stdout: await stdout, stderr };
}

describeWithEnvoy('npm run demo', () => {
  it('comes out as the story expects, and Envoy counts what Behalf recorded', async () => {
    const { code, stdout, stderr } = await demo(['--json']);
    expect(stdout, stderr).not.toBe('');
    const report = JSON.parse(stdout) as Report;
    expect(report.calls.filter(({ surprises }) => surprises.length > 0)).toEqual([]);
    expect(report.envoy.ok + report.envoy.denied).toBe(report.calls.length);
    expect(new Set(report.calls.map(({ traceId }) => traceId)).size).toBe(report.calls.length);
    expect(report).toMatchObject({ ok: true, envoy: { agrees: true } });
    expect(code).toBe(0);
  });

  it('leaves nothing behind when it is interrupted while it stays', async () => {
    const { code, stdout } = await demo(['--stay'], (said, child) => {
      if (said.includes('until Ctrl-C')) {
        child.kill('SIGINT');
      }
    });
    const [, folder = '', port = ''] = /cd (\S+)[^]*--resolve \S+?:(\d+):/.exec(stdout) ?? [];
    expect(folder).not.toBe('');
    expect(existsSync(folder)).toBe(false);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
    expect(code).toBe(0);
  });

  it('refuses an option that it does not have, in words', async () => {
    const { code, stderr } = await demo(['--sty']);
    expect(code).toBe(2);
    expect(stderr).toContain("Unknown option '--sty'");
  });
});
