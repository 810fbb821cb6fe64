import { Refusal } from '../refusals.ts';
import type { Headers } from './headers.ts';
import type { Struct__Output } from './wire-types.ts';

type Members = Readonly<Record<string, unknown>>;

/** What Envoy's filter calls a message without a method. */
const FILTER_RESPONSE = '__jsonrpc_response';
/** A name that no header can hold as it is (MCP 2026-07-28, Streamable HTTP, "Value encoding"). */
const ENCODED = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/**
 * Whoever routes, limits or filters by the `Mcp-Method` and `Mcp-Name` headers or by Envoy's MCP filter must have seen
 * the message that is authorised (threats E18). Neither has a word for batches, so beside one they can only disagree.
 * @param message the one message of the body; undefined for a batch and for a request without a body
 * @throws Refusal `body_ambiguous`
 */
export function requireAgreement(message: unknown, headers: Headers, filter: Struct__Output | undefined): void {
  const { method, params } = members(message);
  const { name, uri } = members(params);
  requireHeader(headers['mcp-method'], method, 'Mcp-Method');
  const target = typeof method === 'string' && method.startsWith('resources/') ? uri : name;
  requireHeader(decoded(headers['mcp-name']), target, 'Mcp-Name');
  if (filter !== undefined) requireFilter(filter, message === undefined ? undefined : { method, name, uri });
}

function requireHeader(header: string | undefined, value: unknown, what: string): void {
  if (header !== undefined && header !== value) throw disagree(`the ${what} header`);
}

/** What Envoy 1.40 emits: `is_mcp_request`, `method`, and of `params` the `name` or `uri` where the method has one. */
function requireFilter({ fields = {} }: Struct__Output, message: Members | undefined): void {
  const params = fields['params']?.structValue?.fields ?? {};
  const { method, name, uri } = message ?? {};
  const isMessage = fields['is_mcp_request']?.boolValue === true;
  const seen = fields['method']?.stringValue;
  const agrees =
    isMessage === (message !== undefined) &&
    seen === (isMessage ? (method ?? FILTER_RESPONSE) : undefined) &&
    (params['name'] === undefined || params['name'].stringValue === name) &&
    (params['uri'] === undefined || params['uri'].stringValue === uri) &&
    (method !== 'tools/call' || params['name'] !== undefined);
  if (!agrees) throw disagree("Envoy's MCP filter");
}

function decoded(header: string | undefined): string | undefined {
  const base64 = header === undefined ? undefined : ENCODED.exec(header)?.[1];
  return base64 === undefined ? header : Buffer.from(base64, 'base64').toString('utf8');
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function disagree(who: string): Refusal {
  return new Refusal('body_ambiguous', `${who} does not agree with the body`);
}
