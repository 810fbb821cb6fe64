/**
 * The shape of matrix.yaml (design §4): the keys of this version, their defaults, and the sentence that documents each.
 * What one key says about another is checked in references.ts. docs/matrix.md and schema/matrix.schema.json are
 * generated from this file (`npm run generate`).
 */
import { z } from 'zod';
import { choice, duration, listOf, text, words } from '../config/fields.ts';
import { parsePathTemplate } from './path-template.ts';

/** Keys that the design has and this version does not. `*` stands for any name or list position. */
export const LATER_MATRIX_KEYS = [
  'exceptions',
  'hops.*.exchange',
  'hops.*.revocation',
  'hops.*.stream',
  'hops.*.match.mcp',
  'hops.*.match.topic',
  'hops.*.match.destination',
  'hops.*.match.sni',
  'hops.*.delegation.recheck',
  'hops.*.delegation.approval',
  'hops.*.rollout.until',
] as const;

// SPIFFE-ID §2: nothing is normalised, so upper case, ports, escapes and dot segments are not SPIFFE IDs.
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
// The host as request/host.ts states it: lower-case, without a trailing dot, without port 80 or 443.
const HOST = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(?!(?:80|443)$)[1-9][0-9]{0,4})?$/;
const MAX_SCOPES = 32;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const SOURCE = /^(?:path\.[a-z][a-z0-9_]*|query\..+|header\.[a-z0-9!#$%&'*+.^_`|~-]+|body\.(?:\/(?:[^~/]|~[01])*)+)$/;

const name = () => text(NAME, 'a name is letters, digits, ".", "_" and "-", at most 128');
const trustDomain = () => text(TRUST_DOMAIN, 'must be a trust domain in lower case, such as prod.acme.example');
const owner = () => words().meta({ description: 'Who answers for it.' });

const authority = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('spiffe').meta({ description: '`spiffe`: the mesh CA. `oidc`: an identity provider.' }),
    owner: owner(),
  }),
  z.strictObject({
    kind: z.literal('oidc'),
    issuer: words().meta({
      description: '`oidc` only, and required there: the `iss` of its tokens, as in `issuers` of behalf.yaml.',
    }),
    owner: owner(),
    grants: z.boolean().prefault(false).meta({ description: '`oidc` only: its tokens may carry grants.' }),
  }),
]);

const agent = z.strictObject({
  spiffeId: text(
    SPIFFE_ID,
    'must be a SPIFFE ID with a path, such as spiffe://prod.acme.example/ns/agents/sa/name',
  ).meta({
    description: 'The one identity that its certificates carry.',
  }),
  clientIds: z.record(name(), words()).prefault({}).meta({
    description:
      'What an authority that knows no SPIFFE IDs calls this agent: authority → client id. It counts in `act.sub`; in `sub` only where `client_id` or `azp` is the same.',
  }),
});

const match = z.strictObject({
  hosts: listOf(text(HOST, 'must be a host in lower case, without scheme, wildcard, port 80 or port 443')).meta({
    description: "Envoy's view of the host, in lower case, without port 80 or 443.",
  }),
  methods: listOf(choice(METHODS, ['CONNECT', 'TRACE'])).meta({
    description: 'HTTP methods; a gRPC row has `[POST]`.',
  }),
  path: text(/^\//, 'must be a path that begins with "/"')
    .superRefine((value, context) => {
      try {
        parsePathTemplate(value);
      } catch (error) {
        context.addIssue({
          code: 'custom',
          message: error instanceof Error ? error.message : 'is not a path template',
        });
      }
    })
    .meta({ description: '`{name}` is one segment, `{rest+}` a tail.' }),
});

const credential = z.strictObject({
  type: choice(
    ['access-token'],
    ['exchanged-token', 'transaction-token', 'mtls-only', 'message-claim', 'federated-token'],
  ).meta({
    description: 'What must arrive.',
  }),
  authority: name().meta({ description: 'Who issues it: an authority of kind `oidc`.' }),
  audience: words().meta({ description: 'The `aud` that the token must name, and the target that a grant must name.' }),
  scopes: listOf(
    text(
      /^[\x21\x23-\x5b\x5d-\x7e]{1,60}$/,
      'must be one scope: at most 60 printable characters, no spaces (RFC 6749 §3.3)',
    ),
  )
    // They are all named in the challenge of a refusal, and many clients stop reading a header at 2 KiB.
    .max(MAX_SCOPES, { error: `must name at most ${MAX_SCOPES}` })
    .meta({ description: 'The scopes that the token must hold: at most 32, of at most 60 characters each.' }),
  maxLifetime: duration().meta({ description: 'The longest `exp` - `iat` that is accepted.' }),
});

const GRANT = 'set grant: token; stored grants are not in this version';

const delegation = z
  .strictObject({
    mode: choice(['required', 'optional', 'forbidden'])
      .prefault('required')
      .meta({ description: 'Whether the token must name an actor, may, or must not.' }),
    grant: z.enum(['token'], { error: GRANT }).optional().meta({
      description:
        'Where the grant is: `token`, asserted by an authority with `grants: true`. Only `mode: forbidden` goes without.',
    }),
    action: words().meta({ description: 'The action that a grant must allow, and that policy sees.' }),
    context: z
      .record(name(), text(SOURCE, 'must be path.NAME, query.NAME, header.NAME (lower case) or body./json/pointer'))
      .prefault({})
      .meta({
        description:
          "Context key → where the request shows it: `path.NAME`, `query.NAME`, `header.NAME` or `body./json/pointer`. The grant's value must be equal.",
      }),
  })
  .superRefine(({ mode, grant, context: keys }, context) => {
    if (mode !== 'forbidden' && grant === undefined)
      context.addIssue({ code: 'custom', path: ['grant'], message: GRANT });
    if (mode === 'forbidden' && Object.keys(keys).length > 0) {
      context.addIssue({
        code: 'custom',
        path: ['context'],
        message: 'a row that forbids delegation reads no grant; remove it',
      });
    }
  });

const hop = z.strictObject({
  description: words().meta({ description: 'What the agent does here, for people.' }),
  protocol: choice(['http', 'grpc'], ['mcp', 'tcp', 'queue.publish', 'queue.consume', 'sdk']).meta({
    description: 'What is spoken.',
  }),
  boundary: words().meta({ description: 'Which line the call crosses, such as `agents -> erp`.' }),
  match: match.meta({ description: 'The requests that the row is for.' }),
  agents: listOf(name()).meta({ description: 'The agents that may come.' }),
  credential: credential.meta({ description: 'The credential that must arrive.' }),
  sender: choice(['peer'], ['mtls', 'dpop', 'none'])
    .prefault('peer')
    .meta({ description: "What binds token and caller: `peer`, the outermost actor is the certificate's SPIFFE ID." }),
  delegation: delegation.meta({ description: 'On whose behalf the agent acts.' }),
  onFailure: z
    .literal('deny', { error: 'only deny is in this version; retry and degrade are not' })
    .prefault('deny')
    .meta({ description: 'What happens when a step fails: it denies.' }),
  rollout: z
    .strictObject({
      mode: choice(['enforce'], ['observe']).prefault('enforce').meta({ description: '`enforce`: a denial denies.' }),
    })
    .prefault({})
    .meta({ description: 'Whether decisions are enforced.' }),
});

/** matrix.yaml, key by key. Durations are in seconds once read. */
export const matrixSchema = z
  .strictObject({
    trustDomain: trustDomain().meta({ description: 'The trust domain of this environment; no other is accepted.' }),
    federates: listOf(trustDomain(), 0)
      .prefault([])
      .meta({ description: 'Other trust domains that are accepted, each by name.' }),
    routing: choice(['explicit', 'match']).prefault('explicit').meta({
      description:
        '`explicit`: Envoy\'s `context_extensions["behalf.hop"]` names the row, and `match` must agree. `match`: `match` alone finds it.',
    }),
    authorities: z.record(name(), authority).meta({ description: 'Who issues identities, by name.' }),
    agents: z.record(name(), agent).meta({ description: 'The agents, by name. An actor must be one of them.' }),
    hops: z
      .record(name(), hop)
      .refine((hops) => Object.keys(hops).length > 0, { error: 'must have at least one row' })
      .meta({ description: 'The rows: one agent action each, by id.' }),
  })
  .meta({ title: 'matrix.yaml', description: 'The auth matrix of Behalf: one row per agent action.' });

/** matrix.yaml as it was written, with defaults. */
export type MatrixFile = z.output<typeof matrixSchema>;
export type HopFile = MatrixFile['hops'][string];
