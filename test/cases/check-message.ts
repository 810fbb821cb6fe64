import { X509Certificate } from 'node:crypto';
import { bodyLimit } from '../../src/envoy/body-limit.ts';
import type { CheckRequest } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import type { Setup } from './case-schema.ts';
import type { Prepared } from './prepare.ts';

/** Rows whose grants count a field of the body, which the matrix does not say: `behalf envoy render --body`. */
export const BODIES: ReadonlyMap<string, number> = new Map([['pay.budget', 4096]]);
/** With the setup `partial`, Envoy sends so many bytes of a body and says that there are more. */
export const PARTIAL_BYTES = 16;

/** The message that Envoy 1.40 sends for a request, by the config that is rendered from the matrix. */
export function checkMessage(request: Prepared, setup: Setup): CheckRequest {
  const { hop, client, method, host, path, named, sni } = request;
  const source = {
    principal: principalOf(client?.certificate),
    certificate: client === undefined ? '' : encodeURIComponent(client.certificate),
  };
  const destination = { address: { socket_address: { address: '127.0.0.1', port_value: 8443 } } };
  if (hop.protocol === 'tcp') return { attributes: { source, destination, tls_session: { sni: sni ?? '' } } };
  const { body, headers: ofBody } = sentBody(request, setup);
  const lines: [string, string][] = [
    [':authority', host],
    [':method', method],
    [':path', path],
    [':scheme', 'https'],
    ['x-request-id', '5f2b0b0e-6a5b-4e8c-9a55-8a5d2c1b7f00'],
    ...request.headers.map(([name, value]): [string, string] => [name, value]),
    ...ofBody,
  ];
  return {
    attributes: {
      source,
      destination,
      request: {
        time: { seconds: Math.floor(Date.now() / 1000), nanos: 0 },
        http: {
          id: '1',
          method,
          host,
          path,
          scheme: 'https',
          protocol: 'HTTP/1.1',
          size: request.body === undefined ? -1 : Buffer.byteLength(request.body),
          header_map: { headers: lines.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })) },
          ...(body !== undefined && { raw_body: body }),
        },
      },
      context_extensions: named === undefined || setup === 'found-by-match' ? {} : { 'behalf.hop': named },
      metadata_context: {},
    },
  };
}

interface SentBody {
  readonly body: Buffer | undefined;
  readonly headers: readonly [string, string][];
}

function sentBody({ hop, named, body }: Prepared, setup: Setup): SentBody {
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const length: [string, string][] = bytes === undefined ? [] : [['content-length', String(bytes.length)]];
  const limit = named === undefined && setup !== 'found-by-match' ? undefined : bodyLimit(hop, BODIES);
  if (limit === undefined || bytes === undefined) return { body: undefined, headers: length };
  const sent = setup === 'partial' ? bytes.subarray(0, PARTIAL_BYTES) : bytes;
  const isPartial = sent.length < bytes.length;
  return { body: sent, headers: [...length, ['x-envoy-auth-partial-body', String(isPartial)]] };
}

/** The first URI SAN, else a DNS SAN, else the Subject. */
function principalOf(certificate: string | undefined): string {
  if (certificate === undefined) return '';
  const { subjectAltName = '', subject } = new X509Certificate(certificate);
  const named = (kind: string) =>
    subjectAltName
      .split(', ')
      .find((name) => name.startsWith(`${kind}:`))
      ?.slice(kind.length + 1);
  return named('URI') ?? named('DNS') ?? subject ?? '';
}
