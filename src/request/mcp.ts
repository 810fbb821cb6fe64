import { Refusal } from '../refusals.ts';
import type { Body, McpCall } from './check-input.ts';
import type { Headers } from './headers.ts';
import { requireAgreement } from './mcp-agreement.ts';
import { readMcpCall } from './mcp-call.ts';
import type { Struct__Output } from './wire-types.ts';

/** What an MCP request is read from. `filter`: what Envoy's own MCP filter read, where it runs and tells us. */
export interface McpParts {
  readonly method: string;
  readonly headers: Headers;
  readonly body: () => Body;
  readonly filter: Struct__Output | undefined;
}

const MAX_BATCH = 32;

/**
 * Reads what an MCP client asks for out of the complete JSON-RPC body, which is what the upstream will act on; the
 * headers and Envoy's MCP filter may only agree with it (threats E16–E18). MCP over Streamable HTTP: POST carries
 * messages, GET opens a stream, DELETE ends a session.
 * @throws Refusal `body_truncated`, `body_unparseable`, `body_ambiguous`, `mcp_malformed`
 */
export function readMcp({ method, headers, body, filter }: McpParts): readonly McpCall[] {
  if (method !== 'POST') {
    requireNoBody(body(), headers);
    requireAgreement(undefined, headers, filter);
    return [];
  }
  const json = wholeJson(body());
  const messages: readonly unknown[] = Array.isArray(json) ? json : [json];
  if (messages.length === 0 || messages.length > MAX_BATCH) {
    throw new Refusal('mcp_malformed', `the batch does not hold 1 to ${MAX_BATCH} messages`);
  }
  const calls = messages.map(readMcpCall);
  requireAgreement(Array.isArray(json) ? undefined : json, headers, filter);
  return calls;
}

function wholeJson({ state, json, isAmbiguous }: Body): unknown {
  if (state === 'truncated') throw new Refusal('body_truncated', 'the row reads the body');
  if (isAmbiguous === true) throw new Refusal('body_ambiguous', 'the body names a member twice');
  if (state !== 'ok') throw new Refusal('body_unparseable', `the row reads the body: ${state}`);
  return json;
}

/** What nobody read, nobody authorised: a body where there should be none could be one that the upstream acts on. */
function requireNoBody({ state }: Body, headers: Headers): void {
  const isDeclared = (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
  if (state !== 'absent' || isDeclared) throw new Refusal('mcp_malformed', 'a body came with a method that has none');
}
