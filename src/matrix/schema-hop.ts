import { z } from 'zod';
import { choice, duration, listOf, words } from '../config/fields.ts';
import { credential } from './schema-credential.ts';
import { lastDay } from './schema-day.ts';
import { delegation } from './schema-delegation.ts';
import { match } from './schema-match.ts';
import { name } from './schema-name.ts';

const MAX_RETRY_SECONDS = 3600;

const peer = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('connection').meta({
      description:
        '`connection`: the client certificate. `jwt-svid`: the JWT-SVID in `x-spiffe-jwt-svid`, for callers whose TLS ends earlier.',
    }),
  }),
  z.strictObject({
    from: z.literal('jwt-svid'),
    audience: words().meta({ description: '`jwt-svid` only, and required there: the `aud` that it must name.' }),
  }),
]);

const revocation = z.strictObject({
  by: listOf(choice(['token', 'grant', 'subject', 'agent', 'key', 'issuer'])).meta({
    description: 'What can be revoked so that the row refuses.',
  }),
  within: duration().meta({ description: 'How soon that must bite. `matrix lint` knows what can be held.' }),
});

const onFailure = z.union(
  [
    z.literal('deny'),
    z
      .strictObject({
        retry: z
          .strictObject({
            after: duration()
              .refine((seconds) => seconds <= MAX_RETRY_SECONDS, { error: 'must be at most 1h' })
              .meta({ description: 'What `Retry-After` says.' }),
          })
          .optional()
          .meta({ description: 'Deny with 503 and `Retry-After`.' }),
        degrade: z
          .strictObject({ to: name().meta({ description: 'A narrower row for the same GET or HEAD requests.' }) })
          .optional()
          .meta({ description: 'Judge the same request anew by another row. Needs `routing: explicit`.' }),
      })
      .transform(({ retry, degrade }, context): { retry: { after: number } } | { degrade: { to: string } } => {
        if (retry !== undefined && degrade === undefined) return { retry };
        if (degrade !== undefined && retry === undefined) return { degrade };
        context.addIssue({ code: 'custom', message: 'must have exactly one of retry and degrade' });
        return z.NEVER;
      }),
  ],
  { error: 'must be deny, {retry: {after: 2s}} or {degrade: {to: ROW}}' },
);

const rollout = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('enforce').meta({
      description: '`enforce`: a denial denies. `observe`: it is recorded and counted, and lets pass.',
    }),
  }),
  z.strictObject({
    mode: z.literal('observe'),
    until: lastDay().meta({
      description: '`observe` only, and required there: the last day (UTC) of that; then the row enforces.',
    }),
  }),
]);

/** One row. What its keys say about each other, and about other rows, is checked in references.ts. */
export const hop = z.strictObject({
  description: words().meta({ description: 'What the agent does here, for people.' }),
  protocol: choice(['http', 'grpc', 'mcp', 'tcp', 'queue.publish', 'queue.consume', 'sdk']).meta({
    description: 'What is spoken. `queue.*` and `sdk` are HTTP on the wire.',
  }),
  boundary: words().meta({ description: 'Which line the call crosses, such as `agents -> erp`.' }),
  match: match.meta({ description: 'The requests that the row is for.' }),
  agents: listOf(name()).meta({ description: 'The agents that may come.' }),
  credential: credential.meta({ description: 'The credential that must arrive.' }),
  peer: peer.prefault({ from: 'connection' }).meta({ description: "Where the caller's identity is proven." }),
  sender: choice(['peer', 'mtls', 'dpop', 'none']).prefault('peer').meta({
    description:
      'What binds token and caller: `peer`, its outermost actor is the caller; `mtls`, also `cnf.x5t#S256` (RFC 8705); `dpop`, also a proof (RFC 9449); `none`, nothing, by an exception `unbound-sender`.',
  }),
  delegation: delegation.meta({ description: 'On whose behalf the agent acts.' }),
  revocation: revocation.optional().meta({ description: 'What revokes access, and how soon.' }),
  onFailure: onFailure.prefault('deny').meta({
    description: 'What a fault of ours does; refusals always deny. `deny`, or a map with one of the keys below.',
  }),
  rollout: rollout.prefault({ mode: 'enforce' }).meta({ description: 'Whether decisions are enforced.' }),
  stream: z
    .strictObject({ maxDuration: duration().meta({ description: 'When Envoy ends it; it does not ask again.' }) })
    .optional()
    .meta({ description: 'For requests and connections that stay open.' }),
});
