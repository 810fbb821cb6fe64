/** How a caller is identified (design §5). */
import { z } from 'zod';
import { parseSpiffeId } from '../identity/spiffe-id.ts';
import { checked, choice, count, listOf, text } from './fields.ts';

const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;

/** Trust domain → file, each named once. */
function bundles() {
  return z
    .record(text(TRUST_DOMAIN, 'must be a trust domain in lower case'), text(/^file:.+$/, 'must be file:PATH'))
    .prefault({});
}

/** `peer`. */
export const peer = z
  .strictObject({
    from: choice(['certificate', 'xfcc']).prefault('certificate').meta({
      description:
        "Where the caller's identity is read: `certificate`, the client certificate that Envoy passes on, or `xfcc`, the `x-forwarded-client-cert` header of a proxy in front; then `xfcc` is required. Both need `include_peer_certificate: true` in Envoy: the header is worth no more than the certificate of the proxy that it came from.",
    }),
    xfcc: z
      .strictObject({
        trustedHops: count(1, 8).meta({
          description:
            'How many proxies in front are ours: that many elements, the last ones, are believed, and the first of them names the caller. An Envoy that appends its own element (`APPEND_FORWARD`) counts, the one that asks us too; one that only forwards does not.',
        }),
        by: listOf(checked((id) => parseSpiffeId(id) !== undefined, 'must be a SPIFFE ID')).meta({
          description: 'The SPIFFE IDs of those proxies, as the `By=` of their elements states them.',
        }),
      })
      .optional()
      .meta({ description: 'Only with `from: xfcc`: who may write the header.' }),
    trustBundles: bundles().meta({
      description:
        'Trust domain → `file:PATH` of a PEM bundle: roots, and the intermediates that Envoy does not send. Where one is given, each certificate is verified once more, against the bundle of its own trust domain. Reread when a file changes.',
    }),
    jwtBundles: bundles().meta({
      description: 'Trust domain → `file:PATH` of its JWT bundle (JWKS), for rows whose peer shows a JWT-SVID.',
    }),
  })
  .superRefine(({ from, xfcc, trustBundles }, context) => {
    if (from === 'xfcc' && xfcc === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['from'],
        message: 'needs xfcc.trustedHops and xfcc.by: say whose header is believed',
      });
    }
    if (from === 'certificate' && xfcc !== undefined) {
      context.addIssue({ code: 'custom', path: ['xfcc'], message: 'is only read with from: xfcc' });
    }
    if (from === 'xfcc' && Object.keys(trustBundles).length > 0) {
      context.addIssue({
        code: 'custom',
        path: ['trustBundles'],
        message: 'needs from: certificate: the header holds no chain that is checked here',
      });
    }
  });
