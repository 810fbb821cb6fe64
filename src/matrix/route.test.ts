import { describe, expect, it } from 'vitest';
import { Refusal } from '../refusals.ts';
import type { CheckInput, McpCall } from '../request/check-input.ts';
import type { Hop, Match, Matrix } from './hop.ts';
import { matchPath, parsePathTemplate } from './path-template.ts';
import { route } from './route.ts';

const hop = (id: string, path: string, protocol: Hop['protocol'] = 'http', over: Partial<Match> = {}) =>
  ({
    id,
    protocol,
    delegation: {},
    match: { hosts: ['h'], methods: ['GET', 'POST'], path: parsePathTemplate(path), ...over },
  }) as unknown as Hop;

const matrix = (routing: 'explicit' | 'match', ...hops: Hop[]) =>
  ({ routing, hops: new Map(hops.map((row) => [row.id, row])) }) as unknown as Matrix;

const input = (path: string, over: Partial<CheckInput> = {}) =>
  ({
    protocol: 'http',
    method: 'GET',
    host: 'h',
    isGrpc: false,
    segments: path.slice(1).split('/'),
    ...over,
  }) as CheckInput;

describe('route', () => {
  const explicit = matrix('explicit', hop('a', '/v1/{x}'), hop('b', '/v1/{x}/{rest+}'));
  const byMatch = matrix('match', hop('a', '/v1/{x}'), hop('b', '/v1/{y}'), hop('c', '/v2/{rest+}'));

  it.each<[string, Matrix, CheckInput, string]>([
    ['no row named [E22]', explicit, input('/v1/1'), 'hop_unknown'],
    ['a row that is not there [E22]', explicit, input('/v1/1', { namedHop: 'zz' }), 'hop_unknown'],
    ['a named row that does not match [E22]', explicit, input('/v1/1/2', { namedHop: 'a' }), 'hop_mismatch'],
    ['another method [E15]', explicit, input('/v1/1', { namedHop: 'a', method: 'PUT' }), 'hop_mismatch'],
    ['another host [E14]', explicit, input('/v1/1', { namedHop: 'a', host: 'g' }), 'hop_mismatch'],
    ['gRPC on an HTTP row', explicit, input('/v1/1', { namedHop: 'a', isGrpc: true }), 'hop_mismatch'],
    ['two rows that match', byMatch, input('/v1/1'), 'hop_ambiguous'],
    ['no row that matches', byMatch, input('/v3/1'), 'hop_unknown'],
    ['an empty segment for a name', explicit, input('/v1/', { namedHop: 'a' }), 'hop_mismatch'],
  ])('refuses %s', (_, rows, request, code) => {
    expect(() => route(request, rows)).toThrow(code);
  });

  it('gives the row and its parameters', () => {
    expect(route(input('/v1/7', { namedHop: 'a' }), explicit)).toMatchObject({ hop: { id: 'a' }, params: { x: '7' } });
    expect(route(input('/v2/7/8'), byMatch)).toMatchObject({ hop: { id: 'c' }, params: { rest: '7/8' } });
  });

  it('ignores the name where rows are found by match [E22]', () => {
    expect(route(input('/v2/7', { namedHop: 'a' }), byMatch).hop.id).toBe('c');
  });

  it('takes gRPC on a gRPC row, and nothing else', () => {
    const rows = matrix('explicit', hop('g', '/pkg.Service/Method', 'grpc', { methods: ['POST'] }));
    const call = { namedHop: 'g', method: 'POST' };
    expect(route(input('/pkg.Service/Method', { ...call, isGrpc: true }), rows).hop.id).toBe('g');
    expect(() => route(input('/pkg.Service/Method', call), rows)).toThrow('hop_mismatch');
    expect(() => route(input('/pkg.Service/Other', { ...call, isGrpc: true }), rows)).toThrow('hop_mismatch');
    expect(() => route(input('/pkg.service/method', { ...call, isGrpc: true }), rows)).toThrow('hop_mismatch');
  });

  it('takes only the one topic of a queue row', () => {
    const rows = matrix('explicit', hop('q', '/topics/{topic}', 'queue.publish', { topic: 'orders' }));
    expect(route(input('/topics/orders', { namedHop: 'q' }), rows).hop.id).toBe('q');
    expect(() => route(input('/topics/payments', { namedHop: 'q' }), rows)).toThrow('hop_mismatch');
  });
});

describe('route, for a connection', () => {
  const tcp = (id: string, match: Partial<Match>) => ({ id, protocol: 'tcp', match }) as unknown as Hop;
  const connection = (over: Partial<CheckInput>) =>
    ({ protocol: 'tcp', method: '', host: '', segments: [], isGrpc: false, ...over }) as unknown as CheckInput;
  const db = { destination: '10.0.0.1:5432', sni: 'db.example' };
  const rows = (routing: 'explicit' | 'match') =>
    matrix(
      routing,
      hop('http', '/'),
      tcp('both', db),
      tcp('place', { destination: '10.0.0.2:5432' }),
      tcp('name', { sni: 'cache.example' }),
      tcp('neither', {}),
    );

  it.each(['explicit', 'match'] as const)('finds a tcp row by match, also with routing: %s [E22] [E32]', (routing) => {
    const find = (over: Partial<CheckInput>) => route(connection(over), rows(routing)).hop.id;
    expect(find(db)).toBe('both');
    expect(find({ destination: '10.0.0.2:5432', sni: 'anything' })).toBe('place');
    expect(find({ destination: '10.0.0.9:1', sni: 'cache.example' })).toBe('name');
  });

  it.each<[string, Partial<CheckInput>]>([
    ['the destination alone of a row with both', { destination: db.destination }],
    ['the server name alone of a row with both', { sni: db.sni }],
    ['another server name at that destination', { ...db, sni: 'other.example' }],
    ['another port', { destination: '10.0.0.2:5433' }],
    ['neither', {}],
    ['a row by name', { namedHop: 'place' }],
  ])('knows no row for %s [E32]', (_, over) => {
    expect(() => route(connection(over), rows('explicit'))).toThrow('hop_unknown');
  });

  it('refuses a connection that two rows fit', () => {
    const twice = matrix('explicit', tcp('a', { sni: 'x' }), tcp('b', { destination: '1.1.1.1:1' }));
    expect(() => route(connection({ sni: 'x', destination: '1.1.1.1:1' }), twice)).toThrow('hop_ambiguous');
  });

  it('never takes a tcp row for an HTTP request, nor an HTTP row for a connection [E32]', () => {
    const only = matrix('match', tcp('name', { sni: 'x' }));
    expect(() => route(input('/', { sni: 'x' }), only)).toThrow('hop_unknown');
    expect(() => route(input('/', { namedHop: 'both' }), rows('explicit'))).toThrow('hop_mismatch');
    const lax = matrix('match', hop('http', '/', 'http', { hosts: [''], methods: [''] as never }));
    expect(() => route(connection({ segments: [''] }), lax)).toThrow('hop_unknown');
  });
});

describe('route, for MCP', () => {
  const mcp = (id: string, methods: string[], tools: string[] = []) =>
    hop(id, '/mcp', 'mcp', { mcp: { methods, tools } });
  const call = (tool: string): McpCall => ({ method: 'tools/call', tool, arguments: {} });
  const list: McpCall = { method: 'tools/list', tool: undefined, arguments: undefined };
  const ask = (calls: readonly McpCall[], over: Partial<CheckInput> = {}) =>
    input('/mcp', { method: 'POST', mcp: () => calls, ...over });
  const read = mcp('read', ['tools/list', 'tools/call'], ['search', 'fetch']);
  const pay = mcp('pay', ['tools/call'], ['pay']);
  const explicit = matrix('explicit', read, pay);
  const byMatch = matrix('match', read, pay, hop('other', '/other'));

  it('gives the named row and the calls, each of which it permits', () => {
    const routed = route(ask([list, call('fetch')], { namedHop: 'read' }), explicit);
    expect(routed).toMatchObject({ hop: { id: 'read' }, mcp: [list, call('fetch')] });
  });

  it.each<[string, readonly McpCall[], string]>([
    ['a tool that the row does not name', [call('pay')], 'read'],
    ['a tool in another case', [call('Search')], 'read'],
    ['a method that the row does not name', [list], 'pay'],
    ['one bad element in a batch', [list, call('search'), call('pay')], 'read'],
    ['a response, where the row permits none', [{ ...list, method: 'response' }], 'read'],
  ])('refuses %s [E18]', (_, calls, namedHop) => {
    expect(() => route(ask(calls, { namedHop }), explicit)).toThrow('hop_mismatch');
  });

  it('permits no tool where a row names none', () => {
    const rows = matrix('explicit', mcp('x', ['tools/call']));
    expect(() => route(ask([call('search')], { namedHop: 'x' }), rows)).toThrow('hop_mismatch');
  });

  it('takes no batch for a row with an approval, which binds the fields of one message [E18]', () => {
    const approval = { when: 'always', body: ['/params/arguments/amount'], maxBytes: 8192 };
    const row = { ...pay, delegation: { approval } } as unknown as Hop;
    const rows = matrix('explicit', row);
    const sent = (json: unknown) => ({ namedHop: 'pay', body: () => ({ state: 'ok', json }) as const });
    expect(route(ask([call('pay')], sent({})), rows).hop.id).toBe('pay');
    expect(() => route(ask([call('pay')], sent([{}])), rows)).toThrow('hop_mismatch');
  });

  it('takes GET and DELETE without messages only where the row lists the method', () => {
    expect(route(ask([], { namedHop: 'read', method: 'GET' }), explicit)).toMatchObject({ mcp: [] });
    expect(() => route(ask([], { namedHop: 'read', method: 'DELETE' }), explicit)).toThrow('hop_mismatch');
  });

  it('chooses between rows of one endpoint by tool', () => {
    expect(route(ask([call('pay')]), byMatch).hop.id).toBe('pay');
    expect(route(ask([call('search'), list]), byMatch).hop.id).toBe('read');
    expect(() => route(ask([call('search'), call('pay')]), byMatch)).toThrow('hop_unknown');
    expect(() => route(ask([call('drop')]), byMatch)).toThrow('hop_unknown');
  });

  it('refuses messages that two rows permit, or that a row of another protocol could take', () => {
    expect(() => route(ask([call('pay')]), matrix('match', pay, mcp('again', ['tools/call'], ['pay'])))).toThrow(
      'hop_ambiguous',
    );
    for (const rows of [
      [pay, hop('plain', '/mcp')],
      [hop('plain', '/mcp'), pay],
    ]) {
      expect(() => route(ask([call('drop')]), matrix('match', ...rows))).toThrow('hop_ambiguous');
    }
  });

  it('reads no body for a row of another protocol, and refuses what the body is refused for', () => {
    const refuse = () => {
      throw new Refusal('body_ambiguous', 'as the test wants it');
    };
    expect(route(input('/other', { mcp: refuse }), byMatch).hop.id).toBe('other');
    expect(() => route(ask([], { mcp: refuse }), byMatch)).toThrow('body_ambiguous');
    expect(() => route(ask([], { mcp: refuse, namedHop: 'pay' }), explicit)).toThrow('body_ambiguous');
  });
});

describe('path templates', () => {
  it.each(['v1', '/a//b', '/{a}/{a}', '/{rest+}/x', '/{A}', '/..', '/a%20'])('refuses %s', (text) => {
    expect(() => parsePathTemplate(text)).toThrow();
  });

  it('decodes a parameter once', () => {
    expect(matchPath(parsePathTemplate('/{name}'), ['caf%C3%A9'])).toMatchObject({ name: 'café' });
  });
});
