/**
 * What Envoy 1.40 does, seen by asking it. Behalf's safety rests on these facts (docs/architecture.md, threats §0): when
 * a newer Envoy turns one of them red, find what rests on it before moving on.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { HeaderValueOption } from '../../src/generated/envoy/config/core/v3/HeaderValueOption.ts';
import type { CheckResponse } from '../../src/generated/envoy/service/auth/v3/CheckResponse.ts';
import { type Answer, type Call, call } from '../fakes/agent.ts';
import { createAuthority, issueSvid } from '../fakes/ca.ts';
import { type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { startUpstream, type Upstream } from '../fakes/upstream.ts';
import { bootstrap, type ListenerOptions } from './bootstrap.ts';
import { ALLOW, type StubAuthz, startStubAuthz } from './stub-authz.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const PERMISSION_DENIED = 7;

const root = createAuthority();
const intermediate = createAuthority('Test intermediate', root);
const server = issueSvid(root, { uris: ['spiffe://prod.acme.example/envoy'], dns: ['tool.acme.example'] });

const tls = {
  require_client_certificate: false,
  common_tls_context: {
    tls_certificates: [
      { certificate_chain: { inline_string: server.certificate }, private_key: { inline_string: server.key } },
    ],
    validation_context: { trusted_ca: { inline_string: root.certificate } },
  },
};

const tracing = {
  provider: {
    name: 'envoy.tracers.opentelemetry',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig',
      grpc_service: { envoy_grpc: { cluster_name: 'authz' } },
    },
  },
};

const listeners: Record<string, ListenerOptions> = {
  strict: {},
  lenient: { authz: { failure_mode_allow: true } },
  raw: { authz: { encode_raw_headers: true } },
  routeless: { routes: [{ match: { prefix: '/known' }, route: { cluster: 'upstream' } }] },
  mtls: { authz: { include_peer_certificate: true }, tls },
  demanding: { tls: { ...tls, require_client_certificate: true } },
  traced: { manager: { tracing } },
  external: { manager: { use_remote_address: true } },
  rangeless: { manager: { use_remote_address: true, internal_address_config: {} } },
};

describeWithEnvoy('Envoy 1.40', () => {
  let authz: StubAuthz;
  let upstream: Upstream;
  let envoy: Envoy;
  let before = 0;

  beforeAll(async () => {
    [authz, upstream] = await Promise.all([startStubAuthz(), startUpstream()]);
    envoy = await startEnvoy(bootstrap({ authzPort: authz.port, upstreamPort: upstream.port, listeners }));
  });
  afterAll(async () => {
    await Promise.all([envoy?.stop(), upstream?.stop()]);
    authz?.stop();
  });
  beforeEach(() => {
    authz.answerWith(ALLOW);
    before = upstream.count();
  });

  const reached = () => upstream.count() - before;
  const ask = (listener: string, request: Partial<Call> = {}): Promise<Answer> =>
    call({ port: envoy.port(listener), host: 'tool.acme.example', path: '/', ...request });
  const source = () => authz.seen[0]?.request.attributes?.source;

  it('takes an answer without a status for an allow, even with a denied_response (threats E01)', async () => {
    const unset: CheckResponse = { denied_response: { status: { code: 403 }, body: 'no' } };
    for (const answer of [unset, {}]) {
      authz.answerWith(answer);
      expect((await ask('strict')).status).toBe(200);
    }
    expect(reached()).toBe(2);
  });

  it('denies by a non-zero status, and says what denied_response says', async () => {
    authz.answerWith({
      status: { code: PERMISSION_DENIED },
      denied_response: { status: { code: 401 }, headers: [set('www-authenticate', 'Bearer')], body: 'no' },
    });
    const { status, headers, body } = await ask('strict');
    expect([status, headers['www-authenticate'], body]).toEqual([401, 'Bearer', 'no']);
    expect(reached()).toBe(0);
  });

  it('lets a request through when the server fails or is silent and failure_mode_allow is on (threats E02)', async () => {
    for (const answer of ['grpc-error', 'silence'] as const) {
      authz.answerWith(answer);
      expect((await ask('strict')).status).toBe(403);
      expect((await ask('lenient')).status).toBe(200);
    }
    expect(reached()).toBe(2);
  });

  it('keeps to an explicit denial, failure_mode_allow or not: why every fault of ours is one (threats E02)', async () => {
    authz.answerWith({ status: { code: 14 }, denied_response: { status: { code: 503 } } });
    expect((await ask('lenient')).status).toBe(503);
    expect(reached()).toBe(0);
  });

  it('asks nobody where no route matches (threats E19)', async () => {
    expect((await ask('routeless', { path: '/elsewhere' })).status).toBe(404);
    expect(authz.seen).toHaveLength(0);
    expect((await ask('routeless', { path: '/known' })).status).toBe(200);
    expect(authz.seen).toHaveLength(1);
  });

  it.each([
    [
      'the first URI SAN',
      { cn: 'subject', dns: ['dns.example'], uris: ['spiffe://a/x', 'spiffe://b/y'] },
      'spiffe://a/x',
    ],
    ['else the DNS SAN, whatever it is spelled like', { cn: 'subject', dns: ['spiffe://a/x'] }, 'spiffe://a/x'],
    ['else the subject', { cn: 'spiffe://a/x' }, 'CN=spiffe://a/x'],
  ])('names as principal %s (threats S04, S05)', async (_name, options, principal) => {
    await ask('mtls', { tls: { ca: root.certificate, client: issueSvid(root, options) } });
    expect(source()?.principal).toBe(principal);
  });

  it('sends the leaf of the client certificate only, as URL-encoded PEM', async () => {
    const leaf = issueSvid(intermediate, { uris: ['spiffe://prod.acme.example/a'] });
    const client = { ...leaf, certificate: leaf.certificate + intermediate.certificate };
    expect((await ask('mtls', { tls: { ca: root.certificate, client } })).status).toBe(200);
    expect(decodeURIComponent(source()?.certificate ?? '').trim()).toBe(leaf.certificate.trim());
  });

  it('lets a caller without a certificate reach us only where require_client_certificate is false', async () => {
    expect((await ask('mtls', { tls: { ca: root.certificate } })).status).toBe(200);
    expect(source()?.principal ?? '').toBe('');
    await expect(ask('demanding', { tls: { ca: root.certificate } })).rejects.toThrow();
    expect(authz.seen).toHaveLength(1);
  });

  it('joins a repeated header with a comma, unless encode_raw_headers keeps both in header_map (threats E05)', async () => {
    const headers = { 'x-twice': ['a', 'b'] };
    await ask('strict', { headers });
    await ask('raw', { headers });
    const [joined, raw] = authz.seen.map(({ request }) => request.attributes?.request?.http);
    expect(joined?.headers?.['x-twice']).toBe('a,b');
    expect(joined?.header_map?.headers ?? []).toEqual([]);
    expect(raw?.headers ?? {}).toEqual({});
    const both = (raw?.header_map?.headers ?? []).filter(({ key }) => key === 'x-twice');
    expect(both.map(({ raw_value, value }) => [raw_value?.toString(), value ?? ''])).toEqual([
      ['a', ''],
      ['b', ''],
    ]);
  });

  it('removes headers after it sets them: a name in both lists is gone', async () => {
    authz.answerWith({
      status: { code: 0 },
      ok_response: { headers: [set('x-both', 'ours'), set('x-set', 'ours')], headers_to_remove: ['x-both'] },
    });
    const seen = echoed(await ask('strict', { headers: { 'x-both': 'theirs', 'x-set': 'theirs' } }));
    expect([seen['x-both'], seen['x-set']]).toEqual([undefined, 'ours']);
  });

  it('takes every caller for internal where internal_address_config has no ranges (threats E09)', async () => {
    const headers = { 'x-envoy-retry-on': '5xx' };
    await ask('external', { headers });
    await ask('rangeless', { headers });
    const forged = authz.seen.map(({ request }) => request.attributes?.request?.http?.headers?.['x-envoy-retry-on']);
    expect(forged).toEqual([undefined, '5xx']);
  });

  it.each([
    [400, undefined, '13'],
    [429, undefined, '14'],
    [403, undefined, '7'],
    [400, '3', '3'],
    [429, '8', '8'],
  ] as const)(
    'answers a gRPC call denied with HTTP %i and grpc-status %s with grpc-status %s',
    async (code, ours, theirs) => {
      const headers = ours === undefined ? [] : [set('grpc-status', ours)];
      authz.answerWith({ status: { code: PERMISSION_DENIED }, denied_response: { status: { code }, headers } });
      const request = { method: 'POST', headers: { 'content-type': 'application/grpc', te: 'trailers' } };
      expect((await ask('strict', request)).headers['grpc-status']).toBe(theirs);
    },
  );

  it("tells its own span in the call's metadata, and only with tracing on; the request keeps the client's", async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await ask('strict', { headers: { traceparent } });
    await ask('traced');
    const [plain, traced] = authz.seen;
    expect(plain?.metadata.get('traceparent')).toEqual([]);
    expect(plain?.request.attributes?.request?.http?.headers?.['traceparent']).toBe(traceparent);
    expect(String(traced?.metadata.get('traceparent')[0])).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(traced?.request.attributes?.request?.http?.headers?.['traceparent']).toBeUndefined();
  });
});

function set(key: string, value: string): HeaderValueOption {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

function echoed(answer: Answer): Record<string, string | undefined> {
  return (JSON.parse(answer.body) as { headers: Record<string, string | undefined> }).headers;
}
