/** The shipped envoy/ingress.yaml, as it is but for ports and certificates, against a stub that records what it is asked. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { findTool } from '../../scripts/find-tool.js';
import { type Answer, type Call, call } from '../fakes/agent.ts';
import { createAuthority, issueSvid } from '../fakes/ca.ts';
import { type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { INGRESS, INGRESS_FILE, INGRESS_RAW, ingress } from '../fakes/ingress.ts';
import { type Echo, startUpstream, type Upstream } from '../fakes/upstream.ts';
import { ALLOW, type StubAuthz, startStubAuthz } from './stub-authz.ts';
import { describeWithEnvoy } from './with-envoy.ts';

interface Row {
  readonly match: { readonly hosts: [string]; readonly methods: [string]; readonly path: string };
}

const matrixFile = new URL('../../demo/matrix.yaml', import.meta.url);
const rows = Object.entries((parse(readFileSync(matrixFile, 'utf8')) as { hops: Record<string, Row> }).hops);
const HOST = 'erp.acme.example';
const ENVOYS_OWN = 'x-envoy-external-address';
const INVOICE = '/v1/regions/emea/invoices/42';

const root = createAuthority();
const stranger = createAuthority('A stranger');
const server = issueSvid(root, { dns: [HOST, 'crm.acme.example', 'elsewhere.example'] });
const client = issueSvid(root, { uris: ['spiffe://prod.acme.example/ns/agents/sa/procurement'] });

describeWithEnvoy('envoy/ingress.yaml', () => {
  let authz: StubAuthz;
  let upstream: Upstream;
  let envoy: Envoy;

  beforeAll(async () => {
    [authz, upstream] = await Promise.all([startStubAuthz(), startUpstream()]);
    envoy = await startEnvoy(
      ingress({ behalfPort: authz.port, toolsPort: upstream.port, server, clientsCa: root.certificate }),
    );
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), upstream?.stop()]);
    authz?.stop();
  });
  beforeEach(() => authz.answerWith(ALLOW));

  const ask = (request: Partial<Call>, listener = INGRESS): Promise<Answer> =>
    call({ port: envoy.port(listener), host: HOST, path: INVOICE, tls: { ca: root.certificate, client }, ...request });
  const namedHop = () => authz.seen[0]?.request.attributes?.context_extensions?.['behalf.hop'];

  it('is valid as it stands, once its three files are there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ingress-'));
    const files = { 'server.pem': server.certificate, 'server.key': server.key, 'clients.pem': root.certificate };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    const moved = join(folder, 'ingress.yaml');
    writeFileSync(
      moved,
      readFileSync(INGRESS_FILE, 'utf8').replaceAll('filename: /etc/envoy/tls', `filename: ${folder}`),
    );
    const run = spawnSync(findTool('envoy') ?? '', ['--mode', 'validate', '-c', moved], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(run.stderr + run.stdout).toContain('OK');
    expect(run.stderr).not.toContain('deprecated');
    expect(run.status).toBe(0);
  });

  it.each(rows)('names row %s of the demo matrix to Behalf, with the certificate', async (id, { match }) => {
    const path = match.path.replaceAll(/\{\w+\}/g, 'a-1');
    expect((await ask({ host: match.hosts[0], method: match.methods[0], path })).status).toBe(200);
    expect(namedHop()).toBe(id);
    expect(decodeURIComponent(authz.seen[0]?.request.attributes?.source?.certificate ?? '')).toContain('BEGIN CERT');
  });

  it.each([
    ['an unknown path', { path: '/v2/anything' }],
    ['an unknown host', { host: 'elsewhere.example' }],
    ['a method that no row has', { method: 'DELETE' }],
    ['a segment more than the row has', { path: `${INVOICE}/lines` }],
  ])('asks Behalf about %s too, and has nothing behind it (threats E19)', async (_name, request) => {
    const before = upstream.count();
    expect((await ask(request)).status).toBe(404);
    expect(authz.seen).toHaveLength(1);
    expect(namedHop()).toBeUndefined();
    expect(upstream.count()).toBe(before);
  });

  it('drops what a client says in our name or in Envoy’s, before Behalf sees it (threats E08, E09, E10)', async () => {
    const headers = {
      'X-Behalf-Subject': 'root',
      'x-behalf-x': 'y',
      'x-envoy-original-path': '/admin',
      'x-envoy-retry-on': '5xx',
      'x-envoy-auth-partial-body': 'true',
      'x-forwarded-client-cert': 'URI=spiffe://prod.acme.example/root',
    };
    for (const path of [INVOICE, '/v2/anything']) {
      await ask({ path, headers });
    }
    for (const { request } of authz.seen) {
      const names = (request.attributes?.request?.http?.header_map?.headers ?? []).map(({ key }) => key);
      expect(names.filter((name) => /^x-(?:behalf|envoy|forwarded-client)/.test(name ?? ''))).toEqual([ENVOYS_OWN]);
    }
    const echo = JSON.parse((await ask({ headers })).body) as Echo;
    expect(Object.keys(headers).filter((name) => name.toLowerCase() in echo.headers)).toEqual([]);
  });

  it('refuses header names with an underscore, which some servers read as a hyphen (threats E08)', async () => {
    expect((await ask({ headers: { x_behalf_subject: 'root' } })).status).toBe(400);
    expect(authz.seen).toHaveLength(0);
  });

  it('decides and forwards one reading of a path; its raw twin leaves it as written (threats E11, E13)', async () => {
    await ask({ path: '/v1/x/../regions//emea/invoices/42' });
    await ask({ path: '/v1/x/%2e%2e/regions/emea/invoices/42' });
    await ask({ path: '//v1/%2e%2e/a' }, INGRESS_RAW);
    const paths = authz.seen.map(({ request }) => request.attributes?.request?.http?.path);
    expect(paths).toEqual([INVOICE, INVOICE, '//v1/%2e%2e/a']);
    expect((await ask({ path: '/v1/regions%2Femea/invoices/42' })).status).toBe(400);
  });

  it('keeps a header that came twice as two, but for authorization, which Envoy joins (threats E06)', async () => {
    await ask({ headers: { dpop: ['a', 'b'], authorization: ['Bearer a', 'Bearer b'] } });
    const headers = authz.seen[0]?.request.attributes?.request?.http?.header_map?.headers ?? [];
    const values = (name: string) => headers.filter(({ key }) => key === name).map((one) => one.raw_value?.toString());
    expect(values('dpop')).toEqual(['a', 'b']);
    expect(values('authorization')).toEqual(['Bearer a,Bearer b']);
  });

  it('answers 503 when Behalf fails, so that a fault is no denial (threats E02)', async () => {
    for (const answer of ['grpc-error', 'silence'] as const) {
      authz.answerWith(answer);
      expect((await ask({})).status).toBe(503);
    }
  });

  it.each([
    ['the path', ':path', '/admin'],
    ['the host', 'host', 'elsewhere.example'],
    ['an Envoy header', 'x-envoy-upstream-rq-timeout-ms', '1'],
  ])('does not let even Behalf change %s of a request (threats E20)', async (_name, key, value) => {
    const before = upstream.count();
    const headers = [{ header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' as const }];
    authz.answerWith({ status: { code: 0 }, ok_response: { headers } });
    expect((await ask({})).status).toBe(500);
    expect(upstream.count()).toBe(before);
  });

  it('lets a caller without a certificate reach Behalf, and logs one with a foreign certificate', async () => {
    await ask({ tls: { ca: root.certificate } });
    expect(authz.seen).toHaveLength(1);
    const foreign = issueSvid(stranger, { uris: ['spiffe://prod.acme.example/ns/agents/sa/procurement'] });
    await expect(ask({ tls: { ca: root.certificate, client: foreign } })).rejects.toThrow();
    expect(authz.seen).toHaveLength(1);
    const lines = await logged(envoy, (line) => line['log'] === 'handshake');
    expect(lines.map((line) => String(line['failure']))).toEqual([
      expect.stringContaining('CERTIFICATE_VERIFY_FAILED'),
    ]);
  });

  it("writes Behalf's answer into the request log, for allow and deny", async () => {
    const metadata = { fields: { decision_id: { stringValue: 'd-1' }, reason: { stringValue: 'aud_mismatch' } } };
    authz.answerWith({
      status: { code: 16 },
      denied_response: { status: { code: 401 } },
      dynamic_metadata: metadata,
    });
    await ask({ path: `${INVOICE}?secret=1` });
    const [line] = await logged(envoy, ({ decision_id }) => decision_id === 'd-1');
    expect(line).toMatchObject({ reason: 'aud_mismatch', status: 401, path: INVOICE, details: 'ext_authz_denied' });
  });
});

/** The lines of the access log that `wanted` picks, once there is one. Fails after two seconds. */
async function logged(
  envoy: Envoy,
  wanted: (line: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>[]> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const lines = readFileSync(envoy.accessLogFile, 'utf8').trimEnd().split('\n').filter(Boolean);
    const found = lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(wanted);
    if (found.length > 0) {
      return found;
    }
    await sleep(20);
  }
  return [];
}
