import { Document, isScalar, visit } from 'yaml';
import type { Hop, Matrix } from '../matrix/hop.ts';
import { clusters } from './clusters.ts';
import { httpListener } from './http-listener.ts';
import type { RenderOptions } from './options.ts';
import { routes } from './routes.ts';
import { tcpListeners } from './tcp-listeners.ts';
import { WHY } from './why.ts';

export interface RenderedEnvoy {
  /** The whole bootstrap, or with `only: 'routes'` the route configuration alone. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The same as YAML, with a comment where a setting is first made. */
  readonly yaml: string;
}

/**
 * The Envoy 1.40 bootstrap that enforces a matrix: one virtual host per host, one route per row that names the row to
 * Behalf, and a last route for everything else, so that no request escapes the Check (threats E08–E28). The same matrix
 * and options give the same bytes.
 * @throws ConfigError where the matrix says something that Envoy cannot be told
 */
export function renderEnvoy(matrix: Matrix, options: RenderOptions, only?: 'routes'): RenderedEnvoy {
  const config = only === 'routes' ? routes(matrix, options) : bootstrap(matrix, options);
  return { config, yaml: commented(config, header(matrix)) };
}

function bootstrap(matrix: Matrix, options: RenderOptions): Record<string, unknown> {
  const hops = [...matrix.hops.values()];
  const overHttp = hops.filter(({ protocol }) => protocol !== 'tcp');
  const overTcp = hops.filter(({ protocol }) => protocol === 'tcp');
  return {
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: options.adminPort } } },
    static_resources: {
      secrets: secrets(options),
      listeners: [...(overHttp.length === 0 ? [] : [httpListener(matrix, options)]), ...tcpListeners(overTcp, options)],
      clusters: clusters(hops, options),
    },
  };
}

function secrets({ tls }: RenderOptions): object[] {
  return [
    {
      name: 'server',
      tls_certificate: { certificate_chain: { filename: tls.cert }, private_key: { filename: tls.key } },
    },
    { name: 'clients', validation_context: { trusted_ca: { filename: tls.ca } } },
  ];
}

function header({ revision, hops, routing }: Matrix): string {
  const rows = [...hops.values()].map(({ id, protocol, boundary }: Hop) => `   ${id}  (${protocol}, ${boundary})`);
  return [
    ` Made by \`behalf envoy render\` from matrix ${revision} (routing: ${routing}). Change the matrix, not this file.`,
    ' Rows:',
    ...rows,
  ].join('\n');
}

/** Says why, where a setting comes for the first time. */
function commented(config: object, top: string): string {
  const document = new Document(config, { aliasDuplicateObjects: false });
  const said = new Set<string>();
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key)) return;
      const name = String(key.value);
      const why = WHY[name];
      if (why === undefined || said.has(name)) return;
      said.add(name);
      key.commentBefore = why.map((line) => ` ${line}`).join('\n');
    },
  });
  document.commentBefore = top;
  return document.toString({ lineWidth: 0 });
}
