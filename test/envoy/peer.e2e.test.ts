/**
 * How a caller is identified behind real Envoy: what it writes into `x-forwarded-client-cert` in each of its five modes,
 * alone and two in series, and what identifyPeer makes of the very message that Envoy sends (threats S01, S02, S09).
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Peer } from '../../src/identity/identity.ts';
import { identifyPeer } from '../../src/identity/peer.ts';
import type { PeerRules } from '../../src/identity/peer-rules.ts';
import { readTrustBundle } from '../../src/identity/trust-bundle.ts';
import { Refusal } from '../../src/refusals.ts';
import { read } from '../../src/request/read.ts';
import { withheld } from '../../src/response/headers.ts';
import { call } from '../fakes/agent.ts';
import { createAuthority, type Issued, issueSvid } from '../fakes/ca.ts';
import { type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { type Echo, startUpstream, type Upstream } from '../fakes/upstream.ts';
import { bootstrap, type ListenerOptions } from './bootstrap.ts';
import { ALLOW, type StubAuthz, startStubAuthz } from './stub-authz.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const MODES = ['SANITIZE', 'FORWARD_ONLY', 'APPEND_FORWARD', 'SANITIZE_SET', 'ALWAYS_FORWARD_ONLY'] as const;
type Mode = (typeof MODES)[number];

const HOST = 'tool.acme.example';
const id = (name: string) => `spiffe://prod.acme.example/${name}`;
const root = createAuthority();
const stranger = createAuthority('A stranger');
const svid = (name: string, authority = root): Issued => issueSvid(authority, { uris: [id(name)], dns: [HOST] });
const agent = svid('agent');
const [edge, inner] = [svid('edge'), svid('inner')];
/** What an attacker writes: an element of each proxy of ours, about somebody else. */
const FORGED = `By=${id('edge')};URI=${id('victim')},By=${id('inner')};URI=${id('victim')}`;

function tlsContext({ certificate, key }: Issued): object {
  return {
    tls_certificates: [{ certificate_chain: { inline_string: certificate }, private_key: { inline_string: key } }],
    validation_context: { trusted_ca: { inline_string: root.certificate } },
  };
}

/** One listener that shows `shown`, and forwards what is known of its client by `mode`. */
function listener(mode: Mode, shown: Issued, { mtls = true, extra = {} } = {}): ListenerOptions {
  const details = { subject: true, uri: true, dns: true, cert: true, chain: true };
  const tls = { require_client_certificate: false, common_tls_context: tlsContext(shown) };
  return {
    authz: { include_peer_certificate: true },
    ...(mtls && { tls: { ...tls, ...extra } }),
    manager: { forward_client_cert_details: mode, set_current_client_cert_details: details },
  };
}

const named = (prefix: string, shown: Issued, mtls = true): Record<string, ListenerOptions> =>
  Object.fromEntries(MODES.map((mode) => [`${prefix}_${mode}`, listener(mode, shown, { mtls })]));

function unverified(): ListenerOptions {
  const common_tls_context = {
    ...tlsContext(inner),
    validation_context: {
      trusted_ca: { inline_string: root.certificate },
      trust_chain_verification: 'ACCEPT_UNTRUSTED',
    },
  };
  return listener('SANITIZE', inner, { extra: { common_tls_context } });
}

const rules = (xfcc?: PeerRules['xfcc']): PeerRules => ({
  trustDomains: new Set(['prod.acme.example']),
  xfcc,
  bundles: new Map(),
  jwtBundles: new Map(),
});
const believing = (trustedHops: number): PeerRules => rules({ trustedHops, by: new Set([id('edge'), id('inner')]) });

describeWithEnvoy('a caller behind Envoy 1.40', () => {
  let authz: StubAuthz;
  let ignored: StubAuthz;
  let upstream: Upstream;
  let last: Envoy;
  let first: Envoy;

  beforeAll(async () => {
    [authz, ignored, upstream] = await Promise.all([startStubAuthz(), startStubAuthz(), startUpstream()]);
    const listeners = { ...named('mtls', inner), ...named('plain', inner, false), unverified: unverified() };
    last = await startEnvoy(bootstrap({ authzPort: authz.port, upstreamPort: upstream.port, listeners }));
    first = await startEnvoy(inFront(last, ignored.port));
  });
  afterAll(async () => {
    await Promise.all([first?.stop(), last?.stop(), upstream?.stop()]);
    authz?.stop();
    ignored?.stop();
  });
  beforeEach(() => authz.answerWith(ALLOW));

  async function ask(envoy: Envoy, name: string, client: Issued | undefined, xfcc?: string): Promise<void> {
    const tls = name.startsWith('plain') ? undefined : { ca: root.certificate, client };
    const headers = xfcc === undefined ? {} : { 'x-forwarded-client-cert': xfcc };
    const { status } = await call({ port: envoy.port(name), host: HOST, path: '/', headers, ...(tls && { tls }) });
    expect(status).toBe(200);
  }

  const input = () => {
    const message = authz.seen[0]?.request;
    if (message === undefined) throw new Error('Envoy did not ask');
    return read(message);
  };
  const header = () => input().headers['x-forwarded-client-cert'];

  function identified(known: PeerRules): Peer | string {
    try {
      const peer = identifyPeer(input(), { peer: { from: 'connection' } }, known, Date.now());
      return peer instanceof Promise ? 'promise' : peer;
    } catch (error) {
      return error instanceof Refusal ? error.code : `threw ${String(error)}`;
    }
  }
  const caller = (known: PeerRules): string => {
    const peer = identified(known);
    return typeof peer === 'string' ? peer : peer.id;
  };

  it.each<[Mode, number]>([
    ['SANITIZE', 0],
    ['FORWARD_ONLY', 0],
    ['APPEND_FORWARD', 1],
    ['SANITIZE_SET', 1],
    ['ALWAYS_FORWARD_ONLY', 0],
  ])(
    'is the holder of the certificate in mode %s, which writes %i elements of its own [S01]',
    async (mode, written) => {
      await ask(last, `mtls_${mode}`, agent);
      expect(header()?.match(/By=/g)?.length ?? 0).toBe(written);
      expect(caller(rules())).toBe(id('agent'));
    },
  );

  it.each<[Mode, string, string]>([
    ['SANITIZE', id('agent'), 'peer_missing'],
    ['FORWARD_ONLY', 'xfcc_untrusted', 'xfcc_chain_untrusted'],
    ['APPEND_FORWARD', id('agent'), id('agent')],
    ['SANITIZE_SET', id('agent'), id('agent')],
    ['ALWAYS_FORWARD_ONLY', 'xfcc_untrusted', 'xfcc_chain_untrusted'],
  ])('is never whom its forged header names, in mode %s over mTLS [S01]', async (mode, ignoring, trusting) => {
    await ask(last, `mtls_${mode}`, agent, FORGED);
    expect([caller(rules()), caller(believing(1))]).toEqual([ignoring, trusting]);
    expect(caller(believing(2))).toMatch(/^(?:xfcc_chain_untrusted|peer_missing)$/);
  });

  it.each(MODES)('is nobody without a certificate, whatever its header names, in mode %s [S01]', async (mode) => {
    for (const name of [`mtls_${mode}`, `plain_${mode}`]) {
      authz.answerWith(ALLOW);
      await ask(last, name, undefined, FORGED);
      expect([rules(), believing(1), believing(2)].map(caller)).toEqual(
        Array.from({ length: 3 }, () => 'peer_missing'),
      );
    }
  });

  it.each<[Mode, number]>([
    ['FORWARD_ONLY', 1],
    ['ALWAYS_FORWARD_ONLY', 1],
    ['APPEND_FORWARD', 2],
  ])('is found behind two in series, the second in mode %s: %i elements are of ours [S02]', async (mode, hops) => {
    for (const forged of [undefined, FORGED]) {
      authz.answerWith(ALLOW);
      await ask(first, `to_${mode}`, agent, forged);
      const thumbprint = await thumbprintOf(agent);
      expect(identified(believing(hops))).toEqual({ id: id('agent'), trustDomain: 'prod.acme.example', thumbprint });
    }
  });

  it('is refused by the number of proxies that are ours, not by what it writes [S02]', async () => {
    await ask(first, 'to_FORWARD_ONLY', agent, FORGED);
    expect(caller(believing(2))).toBe('xfcc_chain_untrusted');
    expect(caller(believing(3))).toBe('xfcc_chain_untrusted');
  });

  it('that skips the first proxy cannot pass for what the first would say [S02]', async () => {
    await ask(last, 'mtls_APPEND_FORWARD', agent, `By=${id('edge')};URI=${id('victim')}`);
    expect(caller(believing(2))).toBe('xfcc_chain_untrusted');
  });

  it('is the proxy in front where the header is not trusted, without a false denial [S01]', async () => {
    for (const mode of ['SANITIZE', 'FORWARD_ONLY', 'APPEND_FORWARD', 'SANITIZE_SET'] as const) {
      authz.answerWith(ALLOW);
      await ask(first, `to_${mode}`, agent);
      expect([mode, caller(rules())]).toEqual([mode, id('edge')]);
    }
  });

  it.each<[Mode, 'kept' | 'removed']>([
    ['FORWARD_ONLY', 'removed'],
    ['ALWAYS_FORWARD_ONLY', 'removed'],
    ['APPEND_FORWARD', 'removed'],
    ['SANITIZE_SET', 'kept'],
  ])(
    'that forges an element of its own, or proves itself by a JWT-SVID, gets neither past us in mode %s [S01, S16]',
    async (mode, fate) => {
      const forged = {
        'x-forwarded-client-cert': `By=${id('agent')};URI=${id('victim')}`,
        'x-spiffe-jwt-svid': 'a.b.c',
      };
      const through = async (): Promise<Echo['headers']> => {
        const tls = { ca: root.certificate, client: agent };
        const { body } = await call({ port: last.port(`mtls_${mode}`), host: HOST, path: '/', headers: forged, tls });
        return (JSON.parse(body) as Echo).headers;
      };
      expect(await through()).toHaveProperty('x-forwarded-client-cert');
      expect(caller(rules())).toBe(id('agent'));
      const headers_to_remove = withheld(input().headers, new Set(), id('agent'));
      authz.answerWith({ status: { code: 0 }, ok_response: { headers_to_remove } });
      const reached = await through();
      expect(reached).not.toHaveProperty('x-spiffe-jwt-svid');
      expect('x-forwarded-client-cert' in reached ? 'kept' : 'removed').toBe(fate);
    },
  );

  it('is read though its subject holds quotes, commas and semicolons [S03]', async () => {
    const odd = issueSvid(root, { uris: [id('agent')], cn: 'a";URI=spiffe://prod.acme.example/victim,By="\\ü' });
    await ask(last, 'mtls_SANITIZE_SET', odd);
    expect(caller(rules())).toBe(id('agent'));
    expect(caller(believing(1))).toBe(id('agent'));
  });

  it('with an untrusted certificate is let in by ACCEPT_UNTRUSTED, and stopped by a trust bundle [S09]', async () => {
    await ask(last, 'unverified', svid('agent', stranger));
    expect(caller(rules())).toBe(id('agent'));
    const known = (authority = root) => ({
      ...rules(),
      bundles: new Map([['prod.acme.example', readTrustBundle(authority.certificate)]]),
    });
    expect(caller(known())).toBe('peer_cert_unverified');
    expect(caller(known(stranger))).toBe(id('agent'));
  });
});

async function thumbprintOf({ certificate }: Issued): Promise<string> {
  const der = Buffer.from(certificate.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  return Buffer.from(await crypto.subtle.digest('SHA-256', der)).toString('base64url');
}

/** The outer Envoy: appends what it knows of its client, and goes on to each listener of the inner one over mTLS. */
function inFront(next: Envoy, authzPort: number): ReturnType<typeof bootstrap> {
  const routeTo = (mode: Mode) => [{ match: { prefix: '/' }, route: { cluster: `to_${mode}` } }];
  const listeners = Object.fromEntries(
    MODES.map((mode) => [`to_${mode}`, { ...listener('APPEND_FORWARD', edge), routes: routeTo(mode) }]),
  );
  const config = bootstrap({ authzPort, upstreamPort: 1, listeners });
  const { clusters } = config.static_resources as { clusters: object[] };
  clusters.push(...MODES.map((mode) => clusterTo(`to_${mode}`, next.port(`mtls_${mode}`))));
  return config;
}

function clusterTo(name: string, port: number): object {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } };
  const context = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    common_tls_context: tlsContext(edge),
  };
  return {
    name,
    type: 'STATIC',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: context },
  };
}
