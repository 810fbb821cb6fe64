/** Where a server listens: `host:port`, `[ipv6]:port`, or `unix:PATH`. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** `host:port` or `[ipv6]:port`. Port 0 asks the system for a free one. */
export const HOST_PORT = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/;

// The kernel's sun_path holds 108 bytes with the final NUL (unix(7)).
const UNIX_PATH_BYTES = 107;

/** Parses an address; undefined where it is not one. A host in brackets is returned without them. */
export function parseAddress(text: string): Address | undefined {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    return path === '' || Buffer.byteLength(path) > UNIX_PATH_BYTES ? undefined : { kind: 'unix', path };
  }
  if (!HOST_PORT.test(text)) return undefined;
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  return port > 65_535 ? undefined : { kind: 'tcp', host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

/** True for this machine's own addresses: 127.0.0.0/8, ::1 and the name `localhost`. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(bare);
}
