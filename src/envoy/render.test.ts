import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EVERY_PROTOCOL, matrixOf, row } from '../../test/fakes/every-protocol.ts';
import type { Hop } from '../matrix/hop.ts';
import { parsePathTemplate } from '../matrix/path-template.ts';
import { lintEnvoy } from './lint.ts';
import { RENDER_DEFAULTS } from './options.ts';
import { renderEnvoy } from './render.ts';
import { selectRoute } from './select-route.ts';
import { at, textAt } from './spot.ts';

const options = { ...RENDER_DEFAULTS, upstreams: new Map([['db.direct', '10.0.0.9:5432']]) };

/** The route that the rendered configuration has for a request, by its name. */
function routeFor(
  rows: Parameters<typeof matrixOf>[0],
  request: Partial<Parameters<typeof selectRoute>[1]>,
): string | undefined {
  const { config } = renderEnvoy(matrixOf(rows), options, 'routes');
  const asked = { host: 'tool.acme.example', method: 'GET', path: '/v1/things/7', headers: {}, ...request };
  const taken = selectRoute({ value: config, keys: [] }, asked);
  return taken && textAt(taken.route, 'name');
}

describe('renderEnvoy', () => {
  it.each(['explicit', 'match'] as const)(
    'breaks no rule of the lint, whatever the protocol, with routing: %s',
    (routing) => {
      const matrix = matrixOf(EVERY_PROTOCOL, routing);
      const { config, yaml } = renderEnvoy(matrix, options);
      expect(lintEnvoy(config, { matrix })).toEqual([]);
      expect(parse(yaml)).toEqual(config);
    },
  );

  it('gives the same bytes for the same matrix', () => {
    const render = () => renderEnvoy(matrixOf(EVERY_PROTOCOL), options).yaml;
    expect(render()).toBe(render());
  });

  it.each([
    ['a literal path in another case', { path: '/V1/things/7' }],
    ['one segment more', { path: '/v1/things/7/8' }],
    ['an empty segment', { path: '/v1/things/' }],
    ['another method', { method: 'POST' }],
    ['another host', { host: 'evil.example' }],
  ])('sends %s to the route for everything else [E19]', (_, request) => {
    expect(routeFor([row('things.read')], request)).toBe('everything-else');
    expect(routeFor([row('things.read')], {})).toBe('things.read');
  });

  it('names a row, and never the one that it degrades to, wherever that stands', () => {
    const match = { methods: ['GET'] };
    const degrade = row('things.read', { match, onFailure: { degrade: { to: 'things.short' } } });
    const same = row('things.short', { match });
    const wider = row('things.short', { match: { methods: ['GET', 'HEAD'] } });
    for (const rows of [
      [degrade, same],
      [same, degrade],
      [wider, degrade],
    ]) {
      expect(routeFor(rows, {})).toBe('things.read');
      const matrix = matrixOf(rows);
      const findings = lintEnvoy(renderEnvoy(matrix, options).config, { matrix });
      expect(findings).toEqual([]);
    }
    expect(routeFor([wider, degrade], { method: 'HEAD' })).toBe('things.short');
  });

  it('takes the characters of a template literally', () => {
    const rows = [row('dotted', { match: { path: parsePathTemplate('/v1.0/a+b/{id}') } })];
    expect(routeFor(rows, { path: '/v1.0/a+b/7' })).toBe('dotted');
    expect(routeFor(rows, { path: '/v1x0/aab/7' })).toBe('everything-else');
  });

  it('holds a queue row to its topic', () => {
    const at_ = { host: 'queue.acme.example', method: 'POST' };
    expect(routeFor(EVERY_PROTOCOL, { ...at_, path: '/topics/orders' })).toBe('orders.publish');
    expect(routeFor(EVERY_PROTOCOL, { ...at_, path: '/topics/payroll' })).toBe('everything-else');
  });

  it('tells mcp rows on one endpoint apart by the headers that Behalf compares with the body', () => {
    const ask = (headers: Record<string, string>) =>
      routeFor(EVERY_PROTOCOL, { host: 'mcp.acme.example', method: 'POST', path: '/mcp', headers });
    expect(ask({ 'mcp-method': 'tools/call', 'mcp-name': 'search' })).toBe('mcp.search');
    expect(ask({ 'mcp-method': 'tools/list' })).toBe('mcp.list');
    expect(ask({ 'mcp-method': 'tools/call', 'mcp-name': 'delete' })).toBe('everything-else');
    expect(ask({})).toBe('everything-else');
  });

  it.each(['explicit', 'match'] as const)(
    'two mcp rows of one endpoint with different methods are both reachable, with routing: %s [E22]',
    (routing) => {
      const mcpRow = (id: string, methods: readonly string[], mcp: NonNullable<Hop['match']['mcp']>, path = '/{x}') =>
        row(id, { protocol: 'mcp', match: { methods, mcp, path: parsePathTemplate(path) } });
      const rows = [
        mcpRow('session', ['POST', 'GET', 'DELETE'], { methods: ['initialize', 'ping'], tools: [] }),
        mcpRow('call', ['POST'], { methods: ['tools/list', 'tools/call'], tools: ['search', 'fetch'] }, '/{y}'),
      ];
      for (const order of [rows, rows.toReversed()]) {
        const matrix = matrixOf(order, routing);
        expect(lintEnvoy(renderEnvoy(matrix, options).config, { matrix })).toEqual([]);
      }
      if (routing === 'match') return;
      const ask = (method: string, headers = {}) => routeFor(rows, { method, path: '/mcp', headers });
      expect(['GET', 'DELETE'].map((method) => ask(method))).toEqual(['session', 'session']);
      expect(ask('POST', { 'mcp-method': 'ping' })).toBe('session');
      expect(ask('POST', { 'mcp-method': 'tools/list' })).toBe('call');
      expect(ask('POST', { 'mcp-method': 'tools/call', 'mcp-name': 'fetch' })).toBe('call');
      expect(ask('POST', { 'mcp-method': 'tools/call', 'mcp-name': 'delete' })).toBe('everything-else');
    },
  );

  it('keeps a fallback behind rows that only look like it', () => {
    const path = parsePathTemplate('/v1/{rest+}');
    const rows = [
      row('things.put', { match: { path, methods: ['PUT'] } }),
      row('things.short', { match: { path, methods: ['GET'] } }),
      row('things.read', { onFailure: { degrade: { to: 'things.short' } } }),
    ];
    expect(routeFor(rows, {})).toBe('things.read');
    expect(routeFor(rows, { path: '/v1/a/b' })).toBe('things.short');
    expect(routeFor(rows, { path: '/v1/a/b', method: 'PUT' })).toBe('things.put');
  });

  it.each([
    ['an approval', 'things.pay', 4096],
    ['an mcp row', 'mcp.search', 65_536],
    ['a row that reads no body', 'things.read', undefined],
    ['a row that the flag names', 'things.tail', 100],
  ])('sends the body for %s, whole and as bytes [E16, E17]', (_, id, maxBytes) => {
    const told = { ...options, bodies: new Map([['things.tail', 100]]) };
    const { config } = renderEnvoy(matrixOf(EVERY_PROTOCOL), told, 'routes');
    const hosts = config['virtual_hosts'] as { routes: { name: string }[] }[];
    const route = hosts.flatMap(({ routes }) => routes).find(({ name }) => name === id);
    const settings = at(
      { value: route, keys: [] },
      'typed_per_filter_config',
      'envoy.filters.http.ext_authz',
      'check_settings',
    );
    expect(at(settings, 'with_request_body').value).toEqual(
      maxBytes && { max_request_bytes: maxBytes, allow_partial_message: false, pack_as_bytes: true },
    );
  });

  it('says where the tokens of an mcp server come from, without a Check and without an upstream', () => {
    const { config } = renderEnvoy(matrixOf(EVERY_PROTOCOL), options, 'routes');
    const asked = {
      host: 'mcp.acme.example',
      method: 'GET',
      path: '/.well-known/oauth-protected-resource/mcp',
      headers: {},
    };
    const taken = selectRoute({ value: config, keys: [] }, asked);
    const body = taken && at(taken.route, 'direct_response', 'body', 'inline_string').value;
    expect(JSON.parse(String(body))).toMatchObject({ resource: 'https://mcp.acme.example/mcp' });
    expect(taken && at(taken.route, 'route').value).toBeUndefined();
  });

  it.each([
    ['two rows that Envoy cannot tell apart', [row('a'), row('b')], 'Envoy cannot tell it from another row'],
    [
      'two mcp rows that both open a stream',
      ['a', 'b'].map((id) => row(id, { protocol: 'mcp', match: { mcp: { methods: [id], tools: [] } } })),
      'Envoy cannot tell it from another row',
    ],
    [
      'a tcp row that leads nowhere',
      [row('db', { protocol: 'tcp', match: { destination: '127.0.0.1:1' } })],
      '--upstream db=',
    ],
  ])('refuses %s', (_, rows, message) => {
    expect(() => renderEnvoy(matrixOf(rows), options)).toThrow(message);
  });
});
