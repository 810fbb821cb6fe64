import { describe, expect, it } from 'vitest';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from './check-input.ts';
import { read } from './read.ts';
import type { CheckRequest__Output, HttpRequest__Output } from './wire-types.ts';

function message(http: Partial<HttpRequest__Output>, extensions: Record<string, string> = {}): CheckRequest__Output {
  const base = { method: 'GET', host: 'erp.acme.example', path: '/v1/x', headers: {} };
  return {
    attributes: { request: { http: { ...base, ...http } }, context_extensions: extensions },
  };
}

function codeOf(http: Partial<HttpRequest__Output>): string {
  try {
    read(message(http));
    return 'ok';
  } catch (error) {
    return error instanceof Refusal ? error.code : 'threw';
  }
}

const raw = (pairs: [string, string][]) => ({
  headers: pairs.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })),
});

describe('read', () => {
  it('gives the same input for both header encodings [E05]', () => {
    const pairs: [string, string][] = [
      [':authority', 'erp.acme.example'],
      [':path', '/v1/x'],
      ['authorization', 'Bearer a.b.c'],
      ['x-tag', 'one'],
      ['x-tag', 'two'],
    ];
    const mapped = read(message({ headers: { ...Object.fromEntries(pairs), 'x-tag': 'one,two' } }));
    const { headers: _, ...rest } = message({}).attributes?.request?.http ?? {};
    const listed = read({
      attributes: { request: { http: { ...rest, header_map: raw(pairs) } } },
    });
    const told = (one: CheckInput) => ({ ...one, body: one.body(), mcp: undefined });
    expect(told(listed)).toEqual(told(mapped));
    expect(mapped.headers[':path']).toBeUndefined();
  });

  it.each<[string, Partial<HttpRequest__Output>, string]>([
    [
      'both encodings that differ [E05]',
      { headers: { a: '1' }, header_map: raw([['a', '2']]) },
      'header_encoding_conflict',
    ],
    [
      'two spellings of a name [E07]',
      { headers: { Authorization: 'x', authorization: 'y' } },
      'header_encoding_conflict',
    ],
    ['a :path that differs from the path [E10]', { headers: { ':path': '/other' } }, 'header_encoding_conflict'],
    ['a :method that differs [E15]', { headers: { ':method': 'POST' } }, 'header_encoding_conflict'],
    ['a Host that differs [E14]', { headers: { host: 'evil.example' } }, 'host_ambiguous'],
    ['a trailing dot [E14]', { host: 'erp.acme.example.' }, 'host_ambiguous'],
    ['user info [E14]', { host: 'a@erp.acme.example' }, 'host_ambiguous'],
    ['an IPv6 zone [E14]', { host: '[fe80::1%25eth0]' }, 'host_ambiguous'],
    ['no host', { host: '' }, 'host_ambiguous'],
    ['a lower-case method [E15]', { method: 'get' }, 'method_unsupported'],
    ['CONNECT [E15]', { method: 'CONNECT' }, 'method_unsupported'],
    ['no method', { method: '' }, 'method_unsupported'],
    ['a query apart from the path', { query: 'a=1' }, 'path_not_canonical'],
  ])('refuses %s', (_, http, code) => {
    expect(codeOf(http)).toBe(code);
  });

  it('refuses two authorization headers in the raw encoding [E06]', () => {
    const { headers: _, ...rest } = message({}).attributes?.request?.http ?? {};
    const twice = {
      ...rest,
      header_map: raw([
        ['authorization', 'Bearer a'],
        ['Authorization', 'Bearer b'],
      ]),
    };
    expect(() => read({ attributes: { request: { http: twice } } })).toThrow('credential_ambiguous');
  });

  it.each([
    {},
    { attributes: {} },
    { attributes: { request: {} } },
    { attributes: { destination: {} } },
    { attributes: { request: {}, source: { principal: 'spiffe://a/b' } } },
  ])('refuses a message without HTTP and without a peer: %j [E32]', (bare) => {
    expect(() => read(bare as CheckRequest__Output)).toThrow('malformed_check_request');
  });

  it('reads a connection that the network filter asks about: peer, destination, server name [E32]', () => {
    const at = (address: string) => ({ address: { socket_address: { address, port_value: 5432 } } });
    const source = { ...at('10.0.0.9'), principal: 'spiffe://a/b', certificate: 'PEM' };
    const attributes = { source, destination: at('10.0.0.1'), tls_session: { sni: 'DB.Acme.Example' } };
    const input = read({ attributes });
    expect(input).toMatchObject({ protocol: 'tcp', destination: '10.0.0.1:5432', sni: 'db.acme.example' });
    expect(input).toMatchObject({ peer: { principal: 'spiffe://a/b', certificate: 'PEM' }, isGrpc: false });
    expect([input.namedHop, input.host, input.path, input.segments, input.body().state, input.mcp()]).toEqual([
      undefined,
      '',
      '',
      [],
      'absent',
      [],
    ]);
    expect(read({ attributes: { source, destination: at('fd00::1') } }).destination).toBe('[fd00::1]:5432');
    expect(read({ attributes: { source, tls_session: {} } })).toMatchObject({ destination: undefined, sni: undefined });
  });

  it('lets no connection name its row: the network filter has no context_extensions [E22]', () => {
    const context_extensions = { 'behalf.hop': 'db.orders' };
    expect(read({ attributes: { source: {}, context_extensions } }).namedHop).toBeUndefined();
  });

  it('takes no header for the path, the host or the method: they are plain headers [E10] [E15]', () => {
    const headers = {
      'x-envoy-original-path': '/admin',
      'x-original-url': '/admin',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-uri': '/admin',
      'x-http-method-override': 'DELETE',
    };
    expect(read(message({ headers }))).toMatchObject({ method: 'GET', host: 'erp.acme.example', path: '/v1/x' });
  });

  it('takes no row from a header: only context_extensions name one [E22]', () => {
    const headers = { 'behalf.hop': 'forged', 'x-behalf-hop': 'forged' };
    expect(read(message({ headers })).namedHop).toBeUndefined();
    expect(read(message({ headers }, { 'behalf.hop': 'erp.read' })).namedHop).toBe('erp.read');
    expect(read(message({ headers }, { 'behalf.hop': '' })).namedHop).toBeUndefined();
  });

  it.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc-web+proto', false],
    ['application/grpcfoo', false],
    ['application/json', false],
  ])('takes %s for gRPC: %s', (type, expected) => {
    expect(read(message({ headers: { 'content-type': type } })).isGrpc).toBe(expected);
  });

  it.each([{ raw_value: Buffer.from('application/grpc') }, { value: 'application/grpc' }])(
    'takes gRPC out of a listed header: %j',
    (one) => {
      const header_map = { headers: [{ key: 'content-type', ...one }] };
      const { headers: _, ...rest } = message({}).attributes?.request?.http ?? {};
      const listed = { attributes: { request: { http: { ...rest, header_map } } } } as CheckRequest__Output;
      expect(read(listed).isGrpc).toBe(true);
    },
  );

  it('reads a long query, and refuses a long path', () => {
    expect(codeOf({ path: `/v1/x?q=${'a'.repeat(20_000)}` })).toBe('ok');
    expect(codeOf({ path: `/${'a'.repeat(9000)}` })).toBe('path_not_canonical');
  });

  it('drops the default port and keeps any other', () => {
    expect(read(message({ host: 'ERP.acme.example:443' })).host).toBe('erp.acme.example');
    expect(read(message({ host: 'erp.acme.example:8443' })).host).toBe('erp.acme.example:8443');
  });

  it('hands no pseudo-header on', () => {
    const pseudo = {
      ':method': 'GET',
      ':path': '/a',
      ':authority': 'erp.acme.example',
      ':scheme': 'https',
      ':other': 'x',
    };
    const input = read(
      message({ method: 'GET', path: '/a', host: 'erp.acme.example', headers: { ...pseudo, a: '1' } }),
    );
    expect(Object.keys(input.headers)).toEqual(['a']);
  });

  it('survives a header named __proto__ [J11]', () => {
    const headers = JSON.parse('{"__proto__":"x","a":"1"}') as Record<string, string>;
    expect(read(message({ headers })).headers['a']).toBe('1');
    expect(Object.prototype).not.toHaveProperty('a');
  });

  it.each<[string, Partial<HttpRequest__Output>, string]>([
    ['no body', {}, 'absent'],
    [
      'a partial body [E16]',
      { body: '{"a":', headers: { 'x-envoy-auth-partial-body': 'true', 'content-type': 'application/json' } },
      'truncated',
    ],
    ['less than its size [E16]', { body: '{}', size: 9, headers: { 'content-type': 'application/json' } }, 'truncated'],
    ['another type', { body: '{}', headers: { 'content-type': 'text/plain' } }, 'invalid'],
    [
      'an encoded body [E17]',
      { body: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } },
      'invalid',
    ],
    [
      'a member named twice [E18]',
      { body: '{"a":1,"a":2}', headers: { 'content-type': 'application/json' } },
      'invalid',
    ],
    [
      'bytes that are not UTF-8 [E17]',
      { raw_body: Buffer.from([0x22, 0xff, 0x22]), headers: { 'content-type': 'application/json' } },
      'invalid',
    ],
    [
      'two bodies that differ [E18]',
      {
        body: '{"a":2}',
        raw_body: Buffer.from('{"a":1}'),
        headers: { 'content-type': 'application/json' },
      },
      'invalid',
    ],
    [
      'another charset [E17]',
      { body: '{}', headers: { 'content-type': 'application/json; charset=utf-7' } },
      'invalid',
    ],
    [
      'an unclear partial mark [E16]',
      { body: '{}', headers: { 'content-type': 'application/json', 'x-envoy-auth-partial-body': 'false,true' } },
      'truncated',
    ],
    [
      'more than 256 KiB [N08]',
      { body: `["${'x'.repeat(300_000)}"]`, headers: { 'content-type': 'application/json' } },
      'invalid',
    ],
    [
      'more than 20,000 values [N08]',
      { body: `[${'[],'.repeat(15_000)}1]`, headers: { 'content-type': 'application/json' } },
      'invalid',
    ],
    [
      'a whole JSON body',
      { body: '{"a":1}', size: 7, headers: { 'content-type': 'application/json; charset=utf-8' } },
      'ok',
    ],
  ])('sees %s', (_, http, state) => {
    expect(read(message(http)).body().state).toBe(state);
  });
});
