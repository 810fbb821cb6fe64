import { parseAddress } from '../address.ts';
import { ConfigError } from '../config/problem.ts';

/**
 * An Envoy address.
 * @param where the flag or row that brought it
 * @throws ConfigError
 */
export function envoyAddress(text: string, where: string): object {
  const address = parseAddress(text);
  if (address === undefined) {
    throw new ConfigError([{ where, message: `"${text}" is no address; write HOST:PORT or unix:PATH` }]);
  }
  return address.kind === 'unix'
    ? { pipe: { path: address.path } }
    : { socket_address: { address: address.host, port_value: address.port } };
}
