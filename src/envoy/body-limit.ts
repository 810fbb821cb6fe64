import type { Hop } from '../matrix/hop.ts';

/** What a row reads of the body where it does not say how large that may be. */
const DEFAULT_BYTES = 65_536;

/**
 * How many bytes of the request body Behalf must be sent for this row; undefined where it reads none. A larger body is
 * refused by Envoy: half a body is never decided on (threats E16).
 */
export function bodyLimit(hop: Hop, stated: ReadonlyMap<string, number>): number | undefined {
  const { approval, context } = hop.delegation;
  const readsBody = Object.values(context).some(({ from }) => from === 'body') || hop.protocol === 'mcp';
  const limits = [
    stated.get(hop.id),
    approval !== undefined && approval.body.length > 0 ? approval.maxBytes : undefined,
    readsBody ? DEFAULT_BYTES : undefined,
  ].filter((each) => each !== undefined);
  // What a row says outright counts; the default is for a row that says nothing.
  return limits[0];
}
