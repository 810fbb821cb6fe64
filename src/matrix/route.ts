import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { Hop, Matrix, RoutedHop } from './hop.ts';
import { matchPath } from './path-template.ts';

/**
 * Finds the one row that this request is for. With `routing: explicit`, Envoy's route names the row and the row's
 * `match` must agree; with `routing: match`, `match` alone decides and must be unique (threats E22).
 * @throws Refusal `hop_unknown`, `hop_mismatch`, `hop_ambiguous`
 */
export function route(input: CheckInput, matrix: Matrix): RoutedHop {
  return matrix.routing === 'explicit' ? named(input, matrix) : matching(input, matrix);
}

function named(input: CheckInput, matrix: Matrix): RoutedHop {
  const { namedHop } = input;
  if (namedHop === undefined) throw new Refusal('hop_unknown', 'the Envoy route names no row (behalf.hop)');
  const hop = matrix.hops.get(namedHop);
  if (hop === undefined) throw new Refusal('hop_unknown', 'the Envoy route names a row that the matrix does not have');
  const params = fits(hop, input);
  if (params === undefined) throw new Refusal('hop_mismatch', `the request does not match row ${hop.id}`);
  return { hop, params };
}

function matching(input: CheckInput, matrix: Matrix): RoutedHop {
  let found: RoutedHop | undefined;
  for (const hop of matrix.hops.values()) {
    const params = fits(hop, input);
    if (params === undefined) continue;
    if (found !== undefined) {
      throw new Refusal('hop_ambiguous', `the request matches rows ${found.hop.id} and ${hop.id}`);
    }
    found = { hop, params };
  }
  if (found === undefined) throw new Refusal('hop_unknown', 'the request matches no row');
  return found;
}

function fits(hop: Hop, input: CheckInput): Record<string, string> | undefined {
  const { hosts, methods, path } = hop.match;
  if (!methods.includes(input.method) || !hosts.includes(input.host)) return undefined;
  // A gRPC row takes gRPC requests, an HTTP row takes others: the two are answered differently.
  if ((hop.protocol === 'grpc') !== input.isGrpc) return undefined;
  return matchPath(path, input.segments);
}
