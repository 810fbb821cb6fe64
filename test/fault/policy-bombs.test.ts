/**
 * A policy that runs away never opens Envoy, and does not stall those who do nothing of the kind (threats P05-P07).
 * Real Envoy with `failure_mode_allow: true`, and `behalf serve` as a process of its own. How long the others wait is
 * printed, not judged; `BEHALF_TRIALS=2000` makes the distribution worth reading.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEnvoy } from '../envoy/with-envoy.ts';
import { startServe } from '../fakes/behalf-serve.ts';
import { createAuthority, issueSvid } from '../fakes/ca.ts';
import { spiffe } from '../fakes/check-world.ts';
import { type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { INGRESS, ingress } from '../fakes/ingress.ts';
import { grantClaim, startIssuer } from '../fakes/issuer.ts';
import { startUpstream, type Upstream } from '../fakes/upstream.ts';

const HOST = 'erp.acme.example';
const BOMBS = ['pairs', 'square', 'allocate', 'double', 'walk', 'regex', 'digits', 'hash'];
const SIZES: Readonly<Record<string, number>> = { allocate: 5_000_000, double: 200, regex: 20_000, digits: 2000 };
/** Who does nothing of the kind: so many connections, each of which asks so often. */
const OTHERS = 4;
const QUESTIONS = Number(process.env['BEHALF_TRIALS'] ?? 100);
const BETWEEN_BOMBS_MS = 100;

describeWithEnvoy('Envoy with failure_mode_allow, and a policy that runs away', () => {
  const cleanup: (() => unknown)[] = [];
  const root = createAuthority();
  const client = issueSvid(root, { uris: [spiffe('procurement')] });
  let upstream: Upstream;
  let envoy: Envoy;
  let token: string;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bombs-'));
    cleanup.push(() => rmSync(folder, { recursive: true, force: true }));
    const issuer = await startIssuer();
    cleanup.push(() => issuer.stop());
    writeFileSync(join(folder, 'keys.json'), JSON.stringify(issuer.jwks()));
    const config = join(folder, 'behalf.yaml');
    writeFileSync(config, JSON.stringify(configOf(issuer.issuer)));
    const serving = await startServe(config);
    cleanup.push(() => serving.stop());
    upstream = await startUpstream();
    cleanup.push(() => upstream.stop());
    const behalfPort = Number(serving.address.split(':')[1]);
    const server = issueSvid(root, { dns: [HOST] });
    const authz = { failure_mode_allow: true };
    envoy = await startEnvoy(
      ingress({ behalfPort, toolsPort: upstream.port, server, clientsCa: root.certificate, authz }),
    );
    cleanup.push(() => envoy.stop());
    const authorization_details = [
      grantClaim({ task: 't-1', actions: ['invoices.read'], target: `https://${HOST}`, context: { region: 'eu' } }),
    ];
    token = await issuer.mint({
      sub: 'alice@acme.example',
      aud: `https://${HOST}`,
      client_id: 'procurement-agent',
      scope: 'invoices:read',
      act: { sub: spiffe('procurement') },
      authorization_details,
    });
  });
  afterAll(async () => {
    for (const undo of cleanup.toReversed()) await undo();
  });

  it('refuses each, lets everybody else in, and never errs to Envoy [P05, P06, P07]', async () => {
    await withOthers(async () => {});
    const reached = upstream.count();
    const alone = await withOthers(async () => {});
    let bombs = 0;
    const beside = await withOthers(async (isOver) => {
      const ask = connection();
      while (!isOver() || bombs < BOMBS.length) {
        const bomb = BOMBS[bombs++ % BOMBS.length] ?? '';
        expect([bomb, (await ask(`?bomb=${bomb}&size=${SIZES[bomb] ?? 3000}`)).status]).toEqual([bomb, 503]);
        await sleep(BETWEEN_BOMBS_MS);
      }
    });
    expect([...alone.statuses, ...beside.statuses]).toEqual([200, 200]);
    expect(upstream.count() - reached).toBe(alone.times.length + beside.times.length);
    expect(await errorsOf(envoy)).toBe(0);
    process.stdout.write(`others alone: ${inWords(alone.times)}; beside ${bombs} bombs: ${inWords(beside.times)}\n`);
  });

  interface Others {
    readonly statuses: ReadonlySet<number>;
    readonly times: readonly number[];
  }

  /** Runs the others, and `meanwhile` beside them, which is told when they are through. */
  async function withOthers(meanwhile: (isOver: () => boolean) => Promise<void>): Promise<Others> {
    const statuses = new Set<number>();
    const times: number[] = [];
    let left = OTHERS;
    const others = Array.from({ length: OTHERS }, async () => {
      const ask = connection();
      for (let turn = 0; turn < QUESTIONS; turn++) {
        const { status, took } = await ask('');
        statuses.add(status);
        times.push(took);
        await sleep(5);
      }
      left -= 1;
    });
    await Promise.all([...others, meanwhile(() => left === 0)]);
    return { statuses, times };
  }

  /** One connection that stays open, so that no handshake is measured. */
  function connection(): (query: string) => Promise<{ readonly status: number; readonly took: number }> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    cleanup.push(() => agent.destroy());
    const { certificate: cert, key } = client;
    const port = envoy.port(INGRESS);
    const to = { agent, host: '127.0.0.1', servername: HOST, port, ca: root.certificate, cert, key };
    const headers = { host: HOST, authorization: `Bearer ${token}` };
    return (query) =>
      new Promise((resolve, reject) => {
        const begun = performance.now();
        const path = `/v1/regions/eu/invoices/7${query}`;
        const sent = request({ ...to, path, headers }, (response) => {
          const { statusCode: status = 0 } = response;
          response.resume().on('end', () => resolve({ status, took: performance.now() - begun }));
        });
        sent.on('error', reject).end();
      });
  }
});

function configOf(issuer: string): object {
  return {
    listen: { check: '127.0.0.1:0', admin: '127.0.0.1:0' },
    matrix: fileURLToPath(new URL('../../demo/matrix.yaml', import.meta.url)),
    issuers: [{ issuer, jwks: { file: './keys.json' }, algorithms: ['ES256'] }],
    policy: { bundle: fileURLToPath(new URL('../fixtures/policies/hostile/bundle.tar.gz', import.meta.url)) },
    store: 'memory:',
    provenance: { records: 'none', traces: 'none' },
  };
}

/** What Envoy would have let pass: errors, timeouts, and what it let pass for them. */
async function errorsOf(envoy: Envoy): Promise<number> {
  const stats = await envoy.stats(/ext_authz.*(?:error|failure_mode_allowed)$|^cluster\.behalf\.upstream_rq_timeout$/);
  return [...stats.values()].reduce((total, value) => total + value, 0);
}

function inWords(times: readonly number[]): string {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
}
