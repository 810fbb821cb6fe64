import { nullObject } from '../null-object.ts';
import type { Body, CheckInput } from './check-input.ts';
import type { AttributeContext__Output } from './wire-types.ts';

const ABSENT: Body = Object.freeze({ state: 'absent' });
const NOTHING = Object.freeze(nullObject<never>());

/**
 * The input for a connection that Envoy's network filter asks about (`envoy.filters.network.ext_authz`): it sends the
 * peer, the address that the client connected to, and with `include_tls_session` the server name, and no request at all
 * (threats E32). There are no `context_extensions` either, so nothing can name a row.
 */
export function connectionInput({ source, destination, tls_session }: AttributeContext__Output): CheckInput {
  const { address, port_value: port } = destination?.address?.socket_address ?? {};
  const sni = tls_session?.sni?.toLowerCase();
  return Object.freeze({
    protocol: 'tcp',
    namedHop: undefined,
    requestId: undefined,
    method: '',
    host: '',
    path: '',
    segments: [],
    rawQuery: '',
    query: NOTHING,
    headers: NOTHING,
    isGrpc: false,
    peer: { principal: source?.principal ?? '', certificate: source?.certificate ?? '' },
    body: () => ABSENT,
    mcp: () => [],
    destination: address && port ? `${address.includes(':') ? `[${address}]` : address}:${port}` : undefined,
    sni: sni === '' ? undefined : sni,
  });
}
