import { isLoopback } from '../address.ts';
import { at, has, type Say, type Spot } from './spot.ts';

/** The admin interface: for this machine alone (threats W07). */
export function lintAdmin(admin: Spot, say: Say): void {
  const address = at(admin, 'address');
  const host = at(address, 'socket_address', 'address');
  const isLocal = has(at(address, 'pipe')) || (typeof host.value === 'string' && isLoopback(host.value));
  if (has(address) && !isLocal) say('admin-exposed', host, 'the admin interface');
}
