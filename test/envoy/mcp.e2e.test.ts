/** The shipped envoy/mcp.yaml, as it is but for ports and certificates, with the real check() behind it. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { parsePathTemplate } from '../../src/matrix/path-template.ts';
import { type Answer, type Call, call } from '../fakes/agent.ts';
import { type Envoy, startEnvoy } from '../fakes/envoy.ts';
import { grantClaim } from '../fakes/issuer.ts';
import { type ShippedListener, shippedEnvoy, validateShipped } from '../fakes/shipped-envoy.ts';
import { startUpstream, type Upstream } from '../fakes/upstream.ts';
import { type ProtocolWorld, startProtocolWorld } from './protocol-world.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const HOST = 'mcp.acme.example';
const RESOURCE = `https://${HOST}/mcp`;
const METADATA = `https://${HOST}/.well-known/oauth-protected-resource/mcp`;
const rpc = (method: string, params?: object) => ({ jsonrpc: '2.0', id: 1, method, ...(params && { params }) });
const tool = (name: string, more: object = {}) => rpc('tools/call', { name, arguments: {}, ...more });

/** Envoy's own MCP filter, in front of ext_authz; and a filter behind it that puts other words into its mouth. */
const MCP_FILTER = {
  name: 'envoy.filters.http.mcp',
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.mcp.v3.Mcp' },
};
const LIAR = {
  name: 'envoy.filters.http.lua',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
    default_source_code: {
      inline_string: `function envoy_on_request(handle)
        handle:body()
        handle:streamInfo():dynamicMetadata():set("envoy.filters.http.mcp", "method", "tools/list")
      end`,
    },
  },
};

describeWithEnvoy('envoy/mcp.yaml', () => {
  let world: ProtocolWorld;
  let upstream: Upstream;
  let envoy: Envoy;
  let token: string;
  let before = 0;

  beforeAll(async () => {
    upstream = await startUpstream();
    world = await startProtocolWorld(
      (make) => {
        const { credential } = make('', {});
        return [
          make('test.tools', {
            protocol: 'mcp',
            match: {
              hosts: [HOST],
              methods: ['POST', 'GET'],
              path: parsePathTemplate('/mcp'),
              mcp: { methods: ['initialize', 'tools/list', 'tools/call'], tools: ['search'] },
              topic: undefined,
              destination: undefined,
              sni: undefined,
            },
            credential: { ...credential, audience: RESOURCE, scopes: ['tools:use'] },
          }),
        ];
      },
      { hosts: [HOST] },
    );
    const { server, clientsCa, port } = world;
    const config = shippedEnvoy('mcp.yaml', { server, clientsCa, ports: { behalf: port, mcp: upstream.port } });
    const { listeners } = config.static_resources;
    const [main] = listeners;
    if (main === undefined) throw new TypeError('envoy/mcp.yaml has no listener');
    const text = JSON.stringify(main).replace('"behalf.hop":"mcp.tools"', '"behalf.hop":"test.tools"');
    const partial = text
      .replace('"allow_partial_message":false', '"allow_partial_message":true')
      .replace('"max_request_bytes":65536', '"max_request_bytes":512');
    const lenient = text
      .replace('"failure_mode_allow":false', '"failure_mode_allow":true')
      .replace('"encode_raw_headers":true', '"encode_raw_headers":false');
    listeners.splice(0, 1, JSON.parse(text) as ShippedListener);
    listeners.push(
      { ...(JSON.parse(partial) as ShippedListener), name: 'partial' },
      { ...(JSON.parse(lenient) as ShippedListener), name: 'lenient' },
      withFilters(text, 'filtered', [MCP_FILTER]),
      withFilters(text, 'lying', [MCP_FILTER, LIAR]),
    );
    envoy = await startEnvoy(config);
    const grant = grantClaim({ task: 't-1', actions: ['invoices.read'], target: RESOURCE });
    token = await world.world.token({ aud: RESOURCE, scope: 'tools:use', authorization_details: [grant] });
  });
  afterAll(async () => {
    await envoy?.stop();
    await Promise.all([world?.stop(), upstream?.stop()]);
  });
  beforeEach(() => {
    world.checks();
    before = upstream.count();
  });

  const reached = () => upstream.count() - before;
  const ask = (request: Partial<Call>, listener = 'mcp'): Promise<Answer> =>
    call({
      port: envoy.port(listener),
      host: HOST,
      method: 'POST',
      path: '/mcp',
      tls: { ca: world.clientsCa, client: world.svid('procurement') },
      ...request,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
    });
  const send = (body: unknown, listener?: string, headers: Call['headers'] = {}) =>
    ask({ body: typeof body === 'string' ? body : JSON.stringify(body), headers }, listener);

  it('is valid as it stands, once its three files are there', () => {
    expect(validateShipped('mcp.yaml', world)).toContain('OK');
  });

  it.each([
    ['a tool that the row names', tool('search')],
    ['the list of tools', rpc('tools/list')],
    ['a batch of which every element is permitted', [rpc('tools/list'), tool('search')]],
  ])('lets %s through', async (_, body) => {
    expect((await send(body)).status).toBe(200);
    expect((await send(body, 'filtered')).status).toBe(200);
    const allowed = { reason: 'allowed', hop: 'test.tools' };
    expect(world.checks()).toEqual([allowed, allowed]);
    expect(reached()).toBe(2);
  });

  it('opens a stream where the row lists GET, and ends no session where it does not list DELETE', async () => {
    expect((await ask({ method: 'GET' })).status).toBe(200);
    expect((await ask({ method: 'DELETE' })).status).toBe(403);
    expect(world.checks().map(({ reason }) => reason)).toEqual(['allowed', 'hop_mismatch']);
  });

  const twice = JSON.stringify(tool('search')).replace('"name":', '"name":"drop","name":');
  it.each<[string, unknown, string, number]>([
    ['a tool that the row does not name', tool('drop'), 'hop_mismatch', 403],
    ['a method that the row does not name', rpc('resources/read', { uri: 'a:' }), 'hop_mismatch', 403],
    ['a batch with one bad element [E18]', [tool('search'), tool('drop')], 'hop_mismatch', 403],
    ['a tool named twice [E18]', twice, 'body_ambiguous', 400],
    ['Name beside name [E18]', tool('search', { Name: 'drop' }), 'body_ambiguous', 400],
    ['Method beside method [E18]', { ...tool('search'), Method: 'x' }, 'body_ambiguous', 400],
    ['two documents [E18]', `${JSON.stringify(tool('search'))} {}`, 'body_unparseable', 400],
    ['no JSON [E17]', 'hello', 'body_unparseable', 400],
    ['no JSON-RPC [E18]', { method: 'tools/list' }, 'mcp_malformed', 400],
    ['an empty batch [E18]', [], 'mcp_malformed', 400],
  ])('refuses %s, with and without the MCP filter of Envoy', async (_, body, reason, status) => {
    for (const listener of ['mcp', 'filtered']) {
      expect((await send(body, listener)).status).toBe(status);
      expect(world.checks().map((one) => one.reason)).toEqual([reason]);
    }
    expect(reached()).toBe(0);
  });

  it('refuses an encoded body, which we cannot read and the server could [E17]', async () => {
    expect((await send(tool('search'), 'mcp', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect(world.checks()).toMatchObject([{ reason: 'body_unparseable' }]);
  });

  it('decides on the whole body or on none: a longer one is answered by Envoy [E16]', async () => {
    const long = tool('search', { arguments: { text: 'x'.repeat(70_000) } });
    expect((await send(long)).status).toBe(413);
    expect(world.checks()).toEqual([]);
    expect((await send(tool('search', { arguments: { text: 'x'.repeat(60_000) } }))).status).toBe(200);
    expect(reached()).toBe(1);
  });

  it('refuses a part of a body, should Envoy be told to send one [E16]', async () => {
    const padded = (length: number) => {
      const bare = JSON.stringify(tool('search', { arguments: { text: '' } })).length;
      return tool('search', { arguments: { text: 'x'.repeat(length - bare) } });
    };
    expect((await send(padded(511), 'partial')).status).toBe(200);
    expect((await send(padded(513), 'partial')).status).toBe(400);
    expect((await send(padded(5000), 'partial', { 'transfer-encoding': 'chunked' })).status).toBe(400);
    expect(world.checks().map(({ reason }) => reason)).toEqual(['allowed', 'body_truncated', 'body_truncated']);
    expect(reached()).toBe(1);
  });

  it('decides on bytes that are no UTF-8 itself, and leaves Envoy no error to be lenient about [E04]', async () => {
    const headers = { 'x-bytes': '\u0080\u00ff', 'x-\u0021': '\u00c3\u0028' };
    for (const listener of ['mcp', 'lenient']) {
      expect((await send(tool('search'), listener, headers)).status).toBe(200);
      expect((await send(tool('drop'), listener, headers)).status).toBe(403);
    }
    expect(world.checks().map(({ reason }) => reason)).toEqual(['allowed', 'hop_mismatch', 'allowed', 'hop_mismatch']);
  });

  it('refuses headers that name another call than the body [E18]', async () => {
    expect((await send(tool('search'), 'mcp', { 'mcp-method': 'tools/call', 'mcp-name': 'search' })).status).toBe(200);
    expect((await send(tool('search'), 'mcp', { 'mcp-name': 'drop' })).status).toBe(400);
    expect((await send(tool('search'), 'mcp', { 'mcp-method': ['tools/call', 'tools/list'] })).status).toBe(400);
    expect(world.checks().map(({ reason }) => reason)).toEqual(['allowed', 'body_ambiguous', 'body_ambiguous']);
  });

  it('refuses a body that another filter of Envoy read in another way [E18]', async () => {
    expect((await send(rpc('tools/list'), 'lying')).status).toBe(200);
    expect((await send(tool('search'), 'lying')).status).toBe(400);
    expect(world.checks().map(({ reason }) => reason)).toEqual(['allowed', 'body_ambiguous']);
  });

  it('says where to get a token, and the document is there without one (RFC 9728 §3, §5.1)', async () => {
    const denied = await send(rpc('initialize'), 'mcp', { authorization: [] });
    expect(denied.status).toBe(401);
    expect(denied.headers['www-authenticate']).toBe(`Bearer resource_metadata="${METADATA}", scope="tools:use"`);
    const found = await ask({ method: 'GET', path: new URL(METADATA).pathname, headers: { authorization: [] } });
    expect(found.status).toBe(200);
    expect(JSON.parse(found.body)).toMatchObject({ resource: RESOURCE, bearer_methods_supported: ['header'] });
    expect(world.checks()).toMatchObject([{ reason: 'token_missing' }]);
  });

  it('asks for the scope that is missing (MCP authorization, step-up)', async () => {
    const grant = grantClaim({ task: 't-1', actions: ['invoices.read'], target: RESOURCE });
    const narrow = await world.world.token({ aud: RESOURCE, scope: 'tools:list', authorization_details: [grant] });
    const denied = await send(tool('search'), 'mcp', { authorization: `Bearer ${narrow}` });
    expect(denied.status).toBe(403);
    expect(denied.headers['www-authenticate']).toBe(
      `Bearer error="insufficient_scope", scope="tools:use", resource_metadata="${METADATA}"`,
    );
    expect(world.checks()).toMatchObject([{ reason: 'scope_missing' }]);
  });

  it('asks Behalf about every other path, and has nothing behind it [E19]', async () => {
    expect((await ask({ path: '/mcp/other', body: '{}' })).status).toBe(403);
    expect(world.checks()).toMatchObject([{ reason: 'hop_unknown' }]);
    expect(reached()).toBe(0);
  });
});

function withFilters(text: string, name: string, filters: readonly object[]): ShippedListener {
  const listener = JSON.parse(text) as ShippedListener;
  const manager = listener.filter_chains[0]?.filters[0]?.typed_config as { http_filters: object[] };
  manager.http_filters.unshift(...filters);
  return { ...listener, name };
}
