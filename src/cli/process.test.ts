/** The program as an operator meets it: a process, its exit code, its stdout and stderr. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { removeStaleSocket } from './stale-socket.ts';

const BIN = fileURLToPath(new URL('../../bin/behalf.js', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../policies/bundle.tar.gz', import.meta.url));
const MATRIX = fileURLToPath(new URL('../../demo/matrix.yaml', import.meta.url));
const PUBLIC_KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  kid: 'k1',
  alg: 'ES256',
};

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

let folder: string;
let taken: Server;
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-cli-'));
  writeFileSync(join(folder, 'keys.json'), JSON.stringify({ keys: [PUBLIC_KEY] }));
  writeFileSync(join(folder, 'corrupt.tar.gz'), readFileSync(BUNDLE).subarray(0, 400));
  writeFileSync(join(folder, 'signer.json'), JSON.stringify(PUBLIC_KEY));
  config('good.yaml');
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(() => taken.close());

/** Writes a config that is right, with some lines changed. */
function config(name: string, change: (text: string) => string = (text) => text): string {
  const text = `listen: { check: "127.0.0.1:0", admin: "127.0.0.1:0" }
matrix: ${MATRIX}
issuers:
  - issuer: https://idp.acme.example
    jwks: { file: keys.json }
policy: { bundle: ${BUNDLE} }
provenance: { records: stdout, traces: none, subject: plain }
`;
  writeFileSync(join(folder, name), change(text));
  return join(folder, name);
}

function start(args: readonly string[]): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '' };
  const child = spawn(process.execPath, [BIN, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

async function run(...args: readonly string[]): Promise<Ended> {
  return ended(start(args));
}

async function ended(child: ChildProcess): Promise<Ended> {
  const text = { out: '', err: '' };
  child.stdout?.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...text };
}

/** Starts `serve` and waits for a line of its log. */
async function serving(message: string, ...args: readonly string[]) {
  const child = start(['serve', ...args]);
  const end = ended(child);
  const lines: Record<string, unknown>[] = [];
  child.stderr?.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().split('\n')) {
      if (line.startsWith('{')) lines.push(JSON.parse(line) as Record<string, unknown>);
    }
  });
  const logged = (wanted: string) =>
    vi.waitFor(
      () => {
        const found = lines.find(({ msg }) => msg === wanted);
        if (found === undefined) throw new Error(`never logged "${wanted}": ${JSON.stringify(lines)}`);
        return found;
      },
      { timeout: 8000, interval: 20 },
    );
  const line = await logged(message);
  return { child, end, logged, check: String(line['check']), admin: String(line['admin']) };
}

describe('a failed start says in one line what, where and what to do', () => {
  const port = () => (taken.address() as AddressInfo).port;
  it.each<[string, number, RegExp, () => string[]]>([
    ['no config', 2, /^behalf: behalf\.yaml: cannot be read: there is no such file\n$/, () => ['serve']],
    ['a folder as config', 2, /^behalf: .*: cannot be read: it is a folder/, () => ['serve', '-c', folder]],
    [
      'bad YAML',
      2,
      /^behalf: bad\.yaml:1:10: not valid YAML: .*\n$/,
      () => ['serve', '-c', config('bad.yaml', () => 'listen: [}')],
    ],
    [
      'an unknown key',
      2,
      /^behalf: key\.yaml:1:11: unknown key "listen\.chekc"; did you mean "check"\?\n$/,
      () => ['serve', '-c', config('key.yaml', (text) => text.replace('check:', 'chekc:'))],
    ],
    [
      'a matrix that is not there',
      2,
      /^behalf: none\.yaml: cannot be read: there is no such file\n$/,
      () => ['serve', '-c', config('m.yaml', (text) => text.replace(MATRIX, 'none.yaml'))],
    ],
    [
      'a corrupt bundle',
      3,
      /^behalf: policy bundle .*corrupt\.tar\.gz: .*\n$/,
      () => ['serve', '-c', config('b.yaml', (text) => text.replace(BUNDLE, 'corrupt.tar.gz'))],
    ],
    [
      'a bundle that is not there',
      3,
      /^behalf: policy bundle .*none\.tar\.gz: there is no such file.*\n$/,
      () => ['serve', '-c', config('n.yaml', (text) => text.replace(BUNDLE, 'none.tar.gz'))],
    ],
    [
      'a bundle that nobody signed, where there are keys [P10]',
      3,
      /^behalf: policy bundle .*: it holds no \.signatures\.json, and policy\.keys demands a signature\. Sign it .*\n$/,
      () => [
        'serve',
        '-c',
        config('u.yaml', (text) => text.replace(BUNDLE, `${BUNDLE}, keys: { k: "file:signer.json" }`)),
      ],
    ],
    [
      'a check port in use',
      2,
      /behalf: cannot listen: listen\.check 127\.0\.0\.1:\d+: the address is in use; stop what listens there, or choose another .*\n$/,
      () => ['serve', '-c', 'good.yaml', '--set', `listen.check=127.0.0.1:${port()}`],
    ],
    [
      'an admin port in use',
      2,
      /behalf: cannot listen: listen\.admin 127\.0\.0\.1:\d+: the address is in use; .*\n$/,
      () => ['serve', '-c', 'good.yaml', '--set', `listen.admin=127.0.0.1:${port()}`],
    ],
    [
      'records that cannot be written',
      2,
      /behalf: provenance\.records: cannot open .*nowhere.*\n$/,
      () => ['serve', '-c', 'good.yaml', '--set', 'provenance.records=file:nowhere/x.ndjson'],
    ],
    [
      'a bad argument',
      2,
      /^behalf: unknown option '--confg' \(Did you mean --config\?\)\n$/,
      () => ['serve', '--confg', 'x'],
    ],
    ['an unknown verb', 2, /^behalf: unknown command 'serv' \(Did you mean serve\?\)\n$/, () => ['serv']],
    [
      'a bad --set',
      2,
      /^behalf: --set listen\.chek: sets no key of the config; did you mean/,
      () => ['serve', '--set', 'listen.chek=1'],
    ],
  ])('%s: exit %i', async (_, code, message, args) => {
    const result = await run(...args());
    expect(
      result.err
        .split('\n')
        .filter((line) => !line.startsWith('{'))
        .join('\n'),
    ).toMatch(message);
    expect(result).toMatchObject({ code, out: '' });
  });

  it('an unreadable file, where it is one for this user', async () => {
    const path = config('secret.yaml');
    chmodSync(path, 0o000);
    const { code, err } = await run('validate', '-c', path);
    // Root reads everything.
    if (process.getuid?.() === 0) expect(code).toBe(0);
    else expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('cannot be read: permission denied') });
  });

  it('all problems, each in its line, and as JSON on stdout', async () => {
    const path = config('two.yaml', (text) => `${text}polcy: {}\ndenials: { detail: x }\n`);
    const plain = await run('validate', '-c', path);
    expect(plain.err.trimEnd().split('\n')).toHaveLength(2);
    const { code, out, err } = await run('validate', '-c', path, '--json');
    expect(code).toBe(2);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      exitCode: 2,
      problems: [{ where: 'two.yaml:9:20' }, { where: 'two.yaml:8:1' }],
    });
  });
});

describe('serve', () => {
  it('gets ready, answers health, reloads on SIGHUP, and drains on SIGTERM with 0', async () => {
    const { child, end, logged, check, admin } = await serving('ready', '-c', 'good.yaml');
    const healthy = await run('health', '--address', check);
    expect(healthy).toEqual({ code: 0, out: `SERVING ${check}\n`, err: '' });
    const metrics = await fetch(`http://${admin}/metrics`);
    expect(await metrics.text()).toContain('behalf_policy_info');
    child.kill('SIGHUP');
    expect(await logged('reloaded')).toMatchObject({ trigger: 'SIGHUP', epoch: 2 });
    child.kill('SIGTERM');
    const { code, out } = await end;
    expect({ code, out }).toEqual({ code: 0, out: '' });
    await logged('stopped');
    expect((await run('health', '--address', check)).code).toBe(1);
  });

  it('survives a SIGHUP while it starts, and reloads once it has (Y05)', async () => {
    const starting = 'INSECURE CONFIG: provenance.subject is plain: records and spans name people; use pseudonymous';
    const { child, end, logged } = await serving(starting, '-c', 'good.yaml');
    child.kill('SIGHUP');
    expect(await logged('reloaded')).toMatchObject({ trigger: 'SIGHUP', epoch: 2 });
    await logged('ready');
    child.kill('SIGTERM');
    expect((await end).code).toBe(0);
  });

  it('starts without keys, is not ready, and says which issuer it waits for', async () => {
    const path = config('jwks.yaml', (text) => text.replace('file: keys.json', 'uri: "http://127.0.0.1:9/jwks"'));
    const { child, end, check, admin } = await serving('listening, not ready yet', '-c', path);
    expect((await fetch(`http://${admin}/readyz`)).status).toBe(503);
    const health = await run('health', '-c', path, '--set', `listen.check=${check}`, '--set', `listen.admin=${admin}`);
    expect(health.code).toBe(1);
    expect(health.err).toMatch(/^behalf: NOT_SERVING: 127\.0\.0\.1:\d+: issuer https:\/\/idp\.acme\.example: /);
    child.kill('SIGINT');
    expect((await end).code).toBe(0);
  });

  it('listens on a unix socket, also where a killed process left its own', async () => {
    const socket = join(folder, 'check.sock');
    const args = ['-c', 'good.yaml', '--set', 'listen.check=unix:check.sock'];
    const first = await serving('ready', ...args);
    first.child.kill('SIGKILL');
    await first.end;
    expect(existsSync(socket)).toBe(true);
    const { child, end, check } = await serving('ready', ...args);
    expect(check).toBe(`unix:${socket}`);
    expect((await run('health', '-c', 'good.yaml', '--set', 'listen.check=unix:check.sock')).code).toBe(0);
    child.kill('SIGTERM');
    expect((await end).code).toBe(0);
  });

  it('shouts about insecure settings', async () => {
    const path = config('full.yaml', (text) => `${text}denials: { detail: full }\n`);
    const { logged } = await serving('ready', '-c', path);
    const warning = await logged(
      'INSECURE CONFIG: denials.detail is full: refused clients learn which check stopped them; use class',
    );
    expect(warning).toMatchObject({ level: 'warn' });
  });
});

describe('a second signal', () => {
  it('ends the process at once, with 1', async () => {
    const module = new URL('stop-signal.ts', import.meta.url).href;
    const script = `import { stopSignal } from '${module}';
      const hold = setInterval(() => undefined, 1000);
      const signal = stopSignal(); console.log('waiting'); console.log(await signal);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const said = (text: string) => vi.waitFor(() => expect(output).toContain(text), { timeout: 5000, interval: 10 });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await said('waiting');
    child.kill('SIGTERM');
    await said('SIGTERM');
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
  });
});

describe('a socket file', () => {
  it('stays where a process answers on it, or where it is no socket', async () => {
    mkdirSync(join(folder, 's'));
    const [live, plain] = [join(folder, 's/live.sock'), join(folder, 's/plain.sock')];
    const server = createServer().listen(live);
    await once(server, 'listening');
    writeFileSync(plain, '');
    await removeStaleSocket(`unix:${live}`);
    await removeStaleSocket(`unix:${plain}`);
    await removeStaleSocket(`unix:${join(folder, 's/none.sock')}`);
    await removeStaleSocket('127.0.0.1:1');
    expect([existsSync(live), existsSync(plain)]).toEqual([true, true]);
    server.close();
  });
});

describe('verbs that only print', () => {
  it('help starts with examples, and is no failure', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toMatch(/^Examples:\n {2}behalf serve\n/);
  });

  it('no verb at all is a bad argument', async () => {
    expect(await run()).toMatchObject({ code: 2, out: '' });
  });

  it('says all of it to who reads late: a pipe holds 64 KiB', async () => {
    const keys = Array.from({ length: 3000 }, (_, index) => `unknown${index}: a value of some length`);
    const path = config('long.yaml', (text) => `${text}\n${keys.join('\n')}\n`);
    const child = start(['validate', '-c', path]);
    await once(child, 'spawn');
    await sleep(1500);
    const { code, err } = await ended(child);
    expect(code).toBe(2);
    expect(err.length).toBeGreaterThan(128 * 1024);
    for (const key of [0, 2999]) expect(err).toContain(`unknown${key}`);
  });

  it('the version is that of package.json', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await run('--version')).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });

  it('validate asks no bundle server, and says so', async () => {
    const url = 'https://bundles.acme.example/b?signature=secret';
    const path = config('server.yaml', (text) => text.replace(BUNDLE, `"${url}", keys: { k: "file:signer.json" }`));
    const { code, out } = await run('validate', '-c', path);
    expect(code).toBe(0);
    expect(out).toContain('policy   https://bundles.acme.example/b at not asked');
    expect(out).not.toContain('secret');
    const { out: json } = await run('validate', '-c', path, '--json');
    expect(json).toContain('"bundle":"https://bundles.acme.example/b"');
    expect(json).not.toContain('secret');
  });

  it('validate shows where a secret is, and never the secret [Y06]', async () => {
    const secret = 'canary-5f1d-canary-5f1d';
    writeFileSync(join(folder, 'canary.key'), secret);
    const keys = ['dpop.nonceKey', 'provenance.pseudonymKey', 'provenance.upload.token'];
    const set = [
      ...keys.map((key) => `${key}=file:canary.key`),
      'provenance.upload.url=https://logs.acme.example/logs',
    ];
    const { code, out } = await run('validate', '-c', 'good.yaml', '--json', ...set.flatMap((each) => ['--set', each]));
    expect(code).toBe(0);
    expect(out).not.toContain(secret);
    expect(JSON.parse(out)).toMatchObject({ effective: { dpop: { nonceKey: 'file:canary.key' } } });
  });

  it('validate sums up what counts, with what set it', async () => {
    const plain = await run('validate', '-c', 'good.yaml');
    expect(plain.code).toBe(0);
    expect(plain.out).toContain('good.yaml is valid');
    expect(plain.out).toContain('5 rows, 3 agents');
    expect(plain.err).toContain('behalf: warning: provenance.subject is plain');
    const { out, err } = await run('validate', '-c', 'good.yaml', '--json', '--set', 'denials.detail=full');
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      issuers: ['https://idp.acme.example'],
      effective: { denials: { detail: 'full' }, provenance: { input: 'redacted' } },
      overrides: [{ key: 'denials.detail', from: '--set denials.detail' }],
    });
  });

  it('health without a config that can be read still asks the default address', async () => {
    const { code, err } = await run('health', '--timeout', '200');
    expect(code).toBe(1);
    expect(err).toContain('behalf: behalf.yaml: cannot be read: there is no such file; asking 127.0.0.1:9191');
  });
});
