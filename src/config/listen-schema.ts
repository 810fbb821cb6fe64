/** Where the process listens, and who may ask there (design §5). */
import { z } from 'zod';
import { HOST_PORT, isLoopback, parseAddress } from '../address.ts';
import { parseSpiffeId } from '../identity/spiffe-id.ts';
import { checked, listOf, text } from './fields.ts';

function checkAddress() {
  return checked((value) => parseAddress(value) !== undefined, 'must be HOST:PORT or unix:PATH');
}

function pemFile() {
  return text(/^file:.+$/, 'must be file:PATH');
}

const checkTls = z.strictObject({
  cert: pemFile().meta({ description: '`file:PATH` of our certificate chain, PEM. Reread when it changes.' }),
  key: pemFile().meta({ description: '`file:PATH` of its private key, PEM. Reread when it changes.' }),
  clientCa: pemFile().meta({ description: "`file:PATH` of the CAs that sign Envoy's certificate, PEM." }),
  callers: listOf(checked((value) => parseSpiffeId(value) !== undefined, 'must be a SPIFFE ID')).meta({
    description: 'The SPIFFE IDs of the Envoys that may ask. Any other caller is refused as `caller_not_envoy`.',
  }),
});

const listenSchema = z.strictObject({
  check: z
    .union(
      [
        checkAddress(),
        z.strictObject({
          address: checkAddress().meta({ description: 'Where Envoy asks: `HOST:PORT` or `unix:PATH`.' }),
          tls: checkTls.meta({ description: 'mTLS with Envoy.' }),
        }),
      ],
      {
        error: ({ input }) =>
          input === undefined ? undefined : 'must be HOST:PORT, unix:PATH, or a map of address and tls',
      },
    )
    .prefault('127.0.0.1:9191')
    .meta({
      description:
        'Where Envoy asks (gRPC): `HOST:PORT` or `unix:PATH`, plaintext; or a map, where Envoy must show its certificate.',
    }),
  admin: text(HOST_PORT, 'must be HOST:PORT on a loopback address')
    .superRefine((value, context) => {
      const address = parseAddress(value);
      if (address?.kind === 'tcp' && isLoopback(address.host)) return;
      const why = 'is not a loopback address: the admin port has no login, so it must not leave this machine';
      context.addIssue({ code: 'custom', message: `"${value}" ${why}; use 127.0.0.1:9193` });
    })
    .prefault('127.0.0.1:9193')
    .meta({
      description: '`/healthz`, `/readyz` and `/metrics`: `HOST:PORT` on a loopback address, as nobody logs in.',
    }),
});

/** `listen`. Once read, `check` is the address alone, and `tls` what stood beside it. */
export const listen = listenSchema.transform(({ check, ...others }) =>
  typeof check === 'string'
    ? { ...others, check, tls: undefined }
    : { ...others, check: check.address, tls: check.tls },
);
