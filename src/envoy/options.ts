/** Where everything is that the matrix does not say. Addresses are `HOST:PORT`, `[IPV6]:PORT` or `unix:PATH`. */
export interface RenderOptions {
  /** Behalf: `listen.check` of behalf.yaml. */
  readonly check: string;
  /** Where agents connect to; and for `tcp` rows that are known by their server name. */
  readonly listen: string;
  readonly listenTcp: string;
  readonly adminPort: number;
  /** What Envoy shows to agents, and the CA of their X.509-SVIDs. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  /**
   * Host of the matrix, or id of a `tcp` row → address of its upstream, reached in clear text. A host that is not named
   * is reached by its own name over TLS.
   */
  readonly upstreams: ReadonlyMap<string, string>;
  /** The CAs of those upstreams. */
  readonly upstreamCa: string;
  /** Row → bytes of its request body that Behalf is sent, beyond what the row itself says. */
  readonly bodies: ReadonlyMap<string, number>;
}

/** What `behalf envoy render` uses where nothing is said; the paths are those of envoy/ingress.yaml. */
export const RENDER_DEFAULTS: RenderOptions = Object.freeze({
  check: '127.0.0.1:9191',
  listen: '0.0.0.0:8443',
  listenTcp: '0.0.0.0:8444',
  adminPort: 9901,
  tls: { cert: '/etc/envoy/tls/server.pem', key: '/etc/envoy/tls/server.key', ca: '/etc/envoy/tls/clients.pem' },
  upstreams: new Map<string, string>(),
  upstreamCa: '/etc/ssl/certs/ca-certificates.crt',
  bodies: new Map<string, number>(),
});
