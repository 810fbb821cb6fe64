import { nullObject } from '../null-object.ts';
import { Refusal } from '../refusals.ts';
import { readBody } from './body.ts';
import type { CheckInput, McpCall } from './check-input.ts';
import { connectionInput } from './connection.ts';
import { type Headers, readHeaders } from './headers.ts';
import { readHost } from './host.ts';
import { readMcp } from './mcp.ts';
import { readTarget } from './path.ts';
import { speaksGrpc } from './speaks-grpc.ts';
import type { CheckRequest__Output } from './wire-types.ts';

/** Where Envoy's MCP filter leaves what it read, if `metadata_context_namespaces` lets us see it. */
const MCP_FILTER = 'envoy.filters.http.mcp';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Turns Envoy's message into the one input of all later steps. Decisions rest on Envoy's own `method`, `host` and
 * `path` only: `x-envoy-original-path`, `x-forwarded-*` and method overrides are plain headers (threats E10, E15).
 * @throws Refusal, see the `read` codes in refusals.ts
 */
export function read(message: CheckRequest__Output): CheckInput {
  const attributes = message.attributes;
  if (attributes === undefined) throw new Refusal('malformed_check_request', 'the message is about nothing');
  const http = attributes.request?.http;
  if (http === undefined) {
    if (attributes.request !== undefined || attributes.source === undefined) {
      throw new Refusal('malformed_check_request', 'the message holds neither an HTTP request nor a connection');
    }
    return connectionInput(attributes);
  }
  const sent = readHeaders(http);
  const method = http.method ?? '';
  if (!METHODS.has(method)) throw new Refusal('method_unsupported', 'the method is not one that rows can name');
  requireSame(sent[':path'], http.path ?? '', 'path');
  requireSame(sent[':method'], method, 'method');
  const host = readHost(http.host ?? '', sent);
  const target = readTarget(http.path ?? '');
  if (http.query) throw new Refusal('path_not_canonical', 'the query is stated apart from the path');
  const headers = withoutPseudo(sent);
  const body = readBody(http, headers);
  const filter = attributes.metadata_context?.filter_metadata?.[MCP_FILTER];
  let calls: readonly McpCall[] | undefined;
  const namedHop = attributes.context_extensions?.['behalf.hop'];
  return Object.freeze({
    protocol: 'http',
    namedHop: namedHop === '' ? undefined : namedHop,
    requestId: headers['x-request-id'],
    method,
    host,
    ...target,
    headers,
    isGrpc: speaksGrpc(message),
    peer: {
      principal: attributes.source?.principal ?? '',
      certificate: attributes.source?.certificate ?? '',
    },
    body,
    mcp: () => (calls ??= readMcp({ method, headers, body, filter })),
    destination: undefined,
    sni: undefined,
  });
}

/** A copy: what had a member deleted is a hash table to V8 (null-object.ts). */
function withoutPseudo(sent: Headers): Headers {
  const headers: Headers = nullObject();
  for (const name in sent) {
    const value = sent[name];
    if (value !== undefined && !name.startsWith(':')) headers[name] = value;
  }
  return headers;
}

/** A pseudo-header that differs from the attribute would let two readers see two requests. */
function requireSame(pseudo: string | undefined, stated: string, what: string): void {
  if (pseudo !== undefined && pseudo !== stated) {
    throw new Refusal('header_encoding_conflict', `the :${what} header differs from the ${what}`);
  }
}
