import { describe, expect, it } from 'vitest';
import { Refusal } from '../refusals.ts';
import type { McpCall } from './check-input.ts';
import { read } from './read.ts';
import type { HttpRequest__Output, Struct__Output } from './wire-types.ts';

interface Sent {
  readonly body?: unknown;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly filter?: Struct__Output;
  readonly http?: Partial<HttpRequest__Output>;
}

/** Reads an MCP request as Envoy sends it with `pack_as_bytes`; a body that is no text is written as JSON. */
function calls({ body, method = 'POST', headers = {}, filter, http = {} }: Sent): readonly McpCall[] {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const raw = text === undefined ? {} : { raw_body: Buffer.from(text) };
  const type = text === undefined ? {} : { 'content-type': 'application/json' };
  const base = { method, host: 'mcp.acme.example', path: '/mcp', headers: { ...type, ...headers }, ...raw };
  const metadata = filter && { metadata_context: { filter_metadata: { 'envoy.filters.http.mcp': filter } } };
  return read({ attributes: { request: { http: { ...base, ...http } }, ...metadata } }).mcp();
}

function codeOf(sent: Sent): string {
  try {
    calls(sent);
    return 'ok';
  } catch (error) {
    return error instanceof Refusal ? error.code : 'threw';
  }
}

/** What Envoy 1.40's filter emits for a message. */
function seen(method: string, params?: Record<string, string>): Struct__Output {
  const text = (value: string) => ({ stringValue: value });
  const fields = Object.fromEntries(Object.entries(params ?? {}).map(([name, value]) => [name, text(value)]));
  return {
    fields: {
      is_mcp_request: { boolValue: true },
      jsonrpc: text('2.0'),
      method: text(method),
      ...(params && { params: { structValue: { fields } } }),
    },
  };
}

const rpc = (method: string, params?: unknown) => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  ...(params !== undefined && { params }),
});
const pay = rpc('tools/call', { name: 'pay', arguments: { amount: 5 } });
const list = rpc('tools/list');
const answer = { jsonrpc: '2.0', id: 1, result: {} };

describe('an MCP request', () => {
  it('is what its body says: the method, and for a tool call the tool and its arguments', () => {
    expect(calls({ body: pay })).toEqual([{ method: 'tools/call', tool: 'pay', arguments: { amount: 5 } }]);
    expect(calls({ body: list })).toEqual([{ method: 'tools/list', tool: undefined, arguments: undefined }]);
    expect(calls({ body: answer })).toMatchObject([{ method: 'response' }]);
    expect(calls({ body: [list, pay, answer] }).map(({ method }) => method)).toEqual([
      'tools/list',
      'tools/call',
      'response',
    ]);
    expect(calls({ body: { jsonrpc: '2.0', method: 'notifications/initialized' } })).toHaveLength(1);
    expect(calls({ body: { jsonrpc: '2.0', error: { code: -32700, message: 'x' } } })).toHaveLength(1);
    expect(calls({ method: 'GET' })).toEqual([]);
    expect(calls({ method: 'DELETE' })).toEqual([]);
  });

  it.each<[string, Sent]>([
    ['cut off by Envoy', { body: pay, headers: { 'x-envoy-auth-partial-body': 'true' } }],
    ['shorter than its size', { body: pay, http: { size: 9999 } }],
    ['announced and not there', { headers: { 'x-envoy-auth-partial-body': 'true' }, http: { size: 9 } }],
  ])('is refused as truncated where the body is %s [E16]', (_, sent) => {
    expect(codeOf(sent)).toBe('body_truncated');
  });

  it.each<[string, Sent]>([
    ['no JSON', { body: 'hello' }],
    ['JSON with something after it', { body: `${JSON.stringify(list)}${JSON.stringify(pay)}` }],
    ['encoded', { body: pay, headers: { 'content-encoding': 'gzip' } }],
    ['not UTF-8', { headers: { 'content-type': 'application/json' }, http: { raw_body: Buffer.from([0x7b, 0xff]) } }],
    ['of another type', { body: pay, headers: { 'content-type': 'text/plain' } }],
    ['absent', {}],
    ['nested too deep', { body: `${'['.repeat(64)}1${']'.repeat(64)}` }],
  ])('is refused as unparseable where the body is %s [E17]', (_, sent) => {
    expect(codeOf(sent)).toBe('body_unparseable');
  });

  it.each<[string, Sent]>([
    ['a method named twice', { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}' }],
    ['a method named twice, once escaped', { body: '{"jsonrpc":"2.0","method":"tools/list","\\u006dethod":"ping"}' }],
    ['a tool named twice', { body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}' }],
    ['an argument named twice', { body: JSON.stringify(pay).replace('"amount":5', '"amount":5,"amount":6') }],
    ['Method beside method', { body: { ...list, Method: 'tools/call' } }],
    ['METHOD alone', { body: { jsonrpc: '2.0', id: 1, METHOD: 'tools/list' } }],
    ['Params beside params', { body: { ...pay, Params: { name: 'read' } } }],
    ['Name beside name', { body: rpc('tools/call', { name: 'read', Name: 'pay' }) }],
    ['Arguments beside arguments', { body: rpc('tools/call', { name: 'read', arguments: {}, ARGUMENTS: {} }) }],
    ['URI beside uri', { body: rpc('resources/read', { uri: 'a:', URI: 'b:' }) }],
    ['a long s', { body: { ...list, ['param\u017f']: {} } }],
    ['two bodies that differ', { body: pay, http: { body: JSON.stringify(list) } }],
    ['a case variant in one element', { body: [list, { ...pay, Params: {} }] }],
  ])('is refused as ambiguous with %s [E18]', (_, sent) => {
    expect(codeOf(sent)).toBe('body_ambiguous');
  });

  it.each<[string, unknown]>([
    ['a text', '"tools/list"'],
    ['null', 'null'],
    ['an empty batch', []],
    ['a batch in a batch', [[list]]],
    ['a batch of 33', Array.from({ length: 33 }, () => list)],
    ['another version', { ...list, jsonrpc: '1.0' }],
    ['no version', { id: 1, method: 'tools/list' }],
    ['a method that is no text', { ...list, method: ['tools/list'] }],
    ['an empty method', { ...list, method: '' }],
    ['a request that calls itself a response', { ...list, method: 'response' }],
    ['a request and a response at once', { ...list, result: {} }],
    ['a result and an error', { ...answer, error: {} }],
    ['a result without an id', { jsonrpc: '2.0', result: {} }],
    ['neither method nor result', { jsonrpc: '2.0', id: 1 }],
    ['an id that is an object', { ...list, id: {} }],
    ['a null id', { ...list, id: null }],
    ['params that are a list', rpc('tools/call', ['pay'])],
    ['a tool call without params', rpc('tools/call')],
    ['a tool call without a name', rpc('tools/call', { arguments: {} })],
    ['a tool whose name is no text', rpc('tools/call', { name: { toString: 'pay' } })],
    ['arguments that are a list', rpc('tools/call', { name: 'pay', arguments: [] })],
  ])('is refused as malformed: %s [E18]', (_, body) => {
    expect(codeOf({ body })).toBe('mcp_malformed');
  });

  it.each<[string, Sent]>([
    ['GET with a body', { method: 'GET', body: pay }],
    ['DELETE with a text body', { method: 'DELETE', body: 'x', headers: { 'content-type': 'text/plain' } }],
    ['GET that declares a body', { method: 'GET', headers: { 'content-length': '5' } }],
    ['GET with a chunked body', { method: 'GET', headers: { 'transfer-encoding': 'chunked' } }],
  ])('is refused where a body nobody reads could be acted on: %s [E18]', (_, sent) => {
    expect(codeOf(sent)).toBe('mcp_malformed');
  });
});

describe('the Mcp-Method and Mcp-Name headers', () => {
  it.each<[string, Sent]>([
    ['both', { body: pay, headers: { 'mcp-method': 'tools/call', 'mcp-name': 'pay' } }],
    ['neither', { body: pay }],
    ['a resource', { body: rpc('resources/read', { uri: 'a:b' }), headers: { 'mcp-name': 'a:b' } }],
    ['an encoded name', { body: rpc('prompts/get', { name: 'é' }), headers: { 'mcp-name': '=?base64?w6k=?=' } }],
  ])('may agree with the body: %s', (_, sent) => {
    expect(codeOf(sent)).toBe('ok');
  });

  it.each<[string, Sent]>([
    ['another method', { body: pay, headers: { 'mcp-method': 'tools/list' } }],
    ['another case', { body: pay, headers: { 'mcp-method': 'Tools/Call' } }],
    ['another tool', { body: pay, headers: { 'mcp-name': 'read' } }],
    ['another encoded tool', { body: pay, headers: { 'mcp-name': '=?base64?w6k=?=' } }],
    ['two values', { body: pay, headers: { 'mcp-name': 'pay,read' } }],
    ['a name where the method has none', { body: list, headers: { 'mcp-name': 'pay' } }],
    ['an empty name', { body: pay, headers: { 'mcp-name': '' } }],
    ['a method beside a batch', { body: [pay], headers: { 'mcp-method': 'tools/call' } }],
    ['a method beside a response', { body: answer, headers: { 'mcp-method': 'tools/list' } }],
    ['a method beside a GET', { method: 'GET', headers: { 'mcp-method': 'tools/list' } }],
  ])('must not disagree with it: %s [E18]', (_, sent) => {
    expect(codeOf(sent)).toBe('body_ambiguous');
  });
});

describe("Envoy's MCP filter", () => {
  it.each<[string, Sent]>([
    ['a tool call', { body: pay, filter: seen('tools/call', { name: 'pay' }) }],
    ['a method without params', { body: list, filter: seen('tools/list') }],
    ['a resource', { body: rpc('resources/read', { uri: 'a:' }), filter: seen('resources/read', { uri: 'a:' }) }],
    ['a method whose name it does not read', { body: rpc('x/y', { name: 'z' }), filter: seen('x/y') }],
    ['a response', { body: answer, filter: seen('__jsonrpc_response') }],
    ['a batch that it passes through', { body: [pay], filter: { fields: { is_mcp_request: { boolValue: false } } } }],
  ])('may agree with the body: %s', (_, sent) => {
    expect(codeOf(sent)).toBe('ok');
  });

  it.each<[string, Sent]>([
    ['another method', { body: pay, filter: seen('tools/list') }],
    ['another tool', { body: pay, filter: seen('tools/call', { name: 'read' }) }],
    ['no tool', { body: pay, filter: seen('tools/call') }],
    ['another resource', { body: rpc('resources/read', { uri: 'a:' }), filter: seen('resources/read', { uri: 'b:' }) }],
    ['a request where there is a response', { body: answer, filter: seen('tools/list') }],
    ['no message at all', { body: pay, filter: { fields: { is_mcp_request: { boolValue: false } } } }],
    ['nothing', { body: pay, filter: {} }],
    ['one message where there is a batch', { body: [pay], filter: seen('tools/call', { name: 'pay' }) }],
    ['a message where there is none', { method: 'GET', filter: seen('tools/list') }],
  ])('must not disagree with it: %s [E18]', (_, sent) => {
    expect(codeOf(sent)).toBe('body_ambiguous');
  });
});
