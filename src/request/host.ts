import { Refusal } from '../refusals.ts';
import type { Headers } from './headers.ts';

const NAME = /^[a-z0-9](?:[a-z0-9\-._]*[a-z0-9])?$/;
const IPV6 = /^\[[0-9a-f:.]+\]$/;

/**
 * The canonical host: lower-case, without port 80 or 443.
 * @throws Refusal `host_ambiguous` where Envoy's host, `:authority` and `Host` differ, or the host could be read in two
 *   ways: user info, trailing dot, IPv6 zone (threats E14)
 */
export function readHost(stated: string, headers: Headers): string {
  for (const name of [':authority', 'host']) {
    const other = headers[name];
    if (other !== undefined && other !== stated) throw new Refusal('host_ambiguous', `${name} differs from the host`);
  }
  const host = stated.toLowerCase();
  const { name, port } = splitPort(host);
  if (!NAME.test(name) && !IPV6.test(name)) throw new Refusal('host_ambiguous', 'the host is not a plain name');
  if (port !== undefined && !/^[1-9][0-9]{0,4}$/.test(port))
    throw new Refusal('host_ambiguous', 'the port is malformed');
  return port === undefined || port === '80' || port === '443' ? name : `${name}:${port}`;
}

function splitPort(host: string): { name: string; port: string | undefined } {
  const colon = host.lastIndexOf(':');
  if (colon < 0 || host.endsWith(']')) return { name: host, port: undefined };
  return { name: host.slice(0, colon), port: host.slice(colon + 1) };
}
