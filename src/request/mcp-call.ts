import { fold } from '../fold.ts';
import { Refusal } from '../refusals.ts';
import type { McpCall } from './check-input.ts';

type Members = Readonly<Record<string, unknown>>;

/** What a JSON-RPC message of MCP, and the parameters that decide, may name. Any other spelling of one is refused. */
const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
const PARAMS = ['name', 'arguments', 'uri', '_meta'];

/** The method under which rows permit JSON-RPC responses; no request may call itself so. */
const RESPONSE = 'response';

/**
 * Reads one JSON-RPC 2.0 message: a request, a notification, or a response.
 * @throws Refusal `mcp_malformed`; `body_ambiguous` where another parser could read another message (threats E18)
 * @see https://www.jsonrpc.org/specification, Model Context Protocol, "Base Protocol"
 */
export function readMcpCall(message: unknown): McpCall {
  if (!isMembers(message)) throw malformed('is not an object');
  requireOneSpelling(message, ENVELOPE);
  if (message['jsonrpc'] !== '2.0') throw malformed('is not JSON-RPC 2.0');
  return Object.hasOwn(message, 'method') ? readRequest(message) : readResponse(message);
}

function readRequest(message: Members): McpCall {
  const { method, params } = message;
  if (typeof method !== 'string' || method === '' || method === RESPONSE) throw malformed('names no method');
  if (Object.hasOwn(message, 'result') || Object.hasOwn(message, 'error')) {
    throw malformed('is a request and a response');
  }
  if (Object.hasOwn(message, 'id') && !isId(message['id'])) throw malformed('has an id that is no text or number');
  if (Object.hasOwn(message, 'params') && !isMembers(params)) throw malformed('has params that are no object');
  const named = isMembers(params) ? params : {};
  requireOneSpelling(named, PARAMS);
  return method === 'tools/call' ? readToolCall(named) : { method, tool: undefined, arguments: undefined };
}

function readToolCall(params: Members): McpCall {
  const { name: tool, arguments: given } = params;
  if (typeof tool !== 'string' || tool === '') throw malformed('calls a tool without a name');
  if (given !== undefined && !isMembers(given)) throw malformed('calls a tool with arguments that are no object');
  return { method: 'tools/call', tool, arguments: given };
}

/** A response with `error` may lack an id, where the client could not read the request's. */
function readResponse(message: Members): McpCall {
  const [isResult, isError] = [Object.hasOwn(message, 'result'), Object.hasOwn(message, 'error')];
  const isNamed = isId(message['id']) || (isError && (message['id'] ?? null) === null);
  if (isResult === isError || !isNamed) throw malformed('is neither a request nor a response');
  return { method: RESPONSE, tool: undefined, arguments: undefined };
}

/** Parsers that match names without case read `Name` as `name`, and differ on which of two counts. */
function requireOneSpelling(members: Members, known: readonly string[]): void {
  for (const name of Object.keys(members)) {
    if (known.includes(name)) continue;
    if (known.includes(fold(name))) throw new Refusal('body_ambiguous', 'the message spells a member in another case');
  }
}

function isId(id: unknown): boolean {
  return typeof id === 'string' || Number.isFinite(id);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(why: string): Refusal {
  return new Refusal('mcp_malformed', `the message ${why}`);
}
