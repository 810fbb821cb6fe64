import { Refusal } from '../refusals.ts';
import type { CheckInput, McpCall } from '../request/check-input.ts';
import type { Hop, Match, Matrix, RoutedHop } from './hop.ts';
import { matchPath } from './path-template.ts';

/**
 * Finds the one row that this request is for. With `routing: explicit`, Envoy's route names the row and the row's
 * `match` must agree; with `routing: match`, `match` alone decides and must be unique (threats E22). A connection is
 * always found by `match`: Envoy's network filter cannot name a row.
 * @throws Refusal `hop_unknown`, `hop_mismatch`, `hop_ambiguous`; for `mcp` rows also those of `CheckInput.mcp`
 */
export function route(input: CheckInput, matrix: Matrix): RoutedHop {
  return matrix.routing === 'explicit' && input.protocol !== 'tcp' ? named(input, matrix) : matching(input, matrix);
}

function named(input: CheckInput, matrix: Matrix): RoutedHop {
  const { namedHop } = input;
  if (namedHop === undefined) throw new Refusal('hop_unknown', 'the Envoy route names no row (behalf.hop)');
  const hop = matrix.hops.get(namedHop);
  if (hop === undefined) throw new Refusal('hop_unknown', 'the Envoy route names a row that the matrix does not have');
  const params = fits(hop, input);
  if (params === undefined) throw new Refusal('hop_mismatch', `the request does not match row ${hop.id}`);
  if (hop.protocol !== 'mcp') return { hop, params };
  const mcp = input.mcp();
  if (!permits(hop, mcp, input)) throw new Refusal('hop_mismatch', `row ${hop.id} does not permit every message`);
  return { hop, params, mcp };
}

function matching(input: CheckInput, matrix: Matrix): RoutedHop {
  let found: RoutedHop | undefined;
  let isMcp = false;
  for (const hop of matrix.hops.values()) {
    const params = fits(hop, input);
    if (params === undefined) continue;
    if (found !== undefined && !(isMcp && hop.protocol === 'mcp')) {
      throw new Refusal('hop_ambiguous', `the request matches rows ${found.hop.id} and ${hop.id}`);
    }
    isMcp = hop.protocol === 'mcp';
    found = { hop, params };
  }
  if (found === undefined) throw new Refusal('hop_unknown', 'the request matches no row');
  return isMcp ? matchingCalls(input, matrix) : found;
}

/** Rows of one MCP endpoint may differ in their methods and tools: the one that permits all messages is meant. */
function matchingCalls(input: CheckInput, matrix: Matrix): RoutedHop {
  const mcp = input.mcp();
  let found: RoutedHop | undefined;
  for (const hop of matrix.hops.values()) {
    const params = fits(hop, input);
    if (params === undefined || !permits(hop, mcp, input)) continue;
    if (found !== undefined) {
      throw new Refusal('hop_ambiguous', `the messages match rows ${found.hop.id} and ${hop.id}`);
    }
    found = { hop, params, mcp };
  }
  if (found === undefined) throw new Refusal('hop_unknown', 'no row permits every message');
  return found;
}

/** What a row's `match` says of the request itself, without its body; the path's parameters where it fits. */
function fits(hop: Hop, input: CheckInput): Record<string, string> | undefined {
  if ((hop.protocol === 'tcp') !== (input.protocol === 'tcp')) return undefined;
  if (hop.protocol === 'tcp') return fitsConnection(hop.match, input) ? {} : undefined;
  const { hosts, methods, path, topic } = hop.match;
  if (!methods.includes(input.method) || !hosts.includes(input.host)) return undefined;
  // A gRPC row takes gRPC requests, other rows take others: the two are answered differently.
  if ((hop.protocol === 'grpc') !== input.isGrpc || path === undefined) return undefined;
  const params = matchPath(path, input.segments);
  return topic === undefined || params?.['topic'] === topic ? params : undefined;
}

function fitsConnection({ destination, sni }: Match, input: CheckInput): boolean {
  const isNamed = destination !== undefined || sni !== undefined;
  const isDestination = destination === undefined || destination === input.destination;
  return isNamed && isDestination && (sni === undefined || sni === input.sni);
}

/**
 * Every element of a batch must be permitted by itself (threats E18). An approval binds fields of one message: in a batch
 * nothing is where it looks, and all batches would look alike.
 */
function permits({ match, delegation }: Hop, calls: readonly McpCall[], input: CheckInput): boolean {
  if (delegation.approval !== undefined && Array.isArray(input.body().json)) return false;
  return calls.every(
    ({ method, tool }) =>
      match.mcp?.methods.includes(method) === true &&
      (method !== 'tools/call' || (tool !== undefined && match.mcp.tools.includes(tool))),
  );
}
