/**
 * The shape of matrix.yaml (design §4): the keys of this version, their defaults, and the sentence that documents each.
 * What one key says about another is checked in references.ts. docs/matrix.md and schema/matrix.schema.json are
 * generated from this file and schema-*.ts (`npm run generate`).
 */
import { z } from 'zod';
import { choice, listOf, text, words } from '../config/fields.ts';
import { EXCEPTION_RULES } from './exception-rules.ts';
import { lastDay } from './schema-day.ts';
import { hop } from './schema-hop.ts';
import { name } from './schema-name.ts';

/** Keys that the design has and this version does not. `*` stands for any name or list position. */
export const LATER_MATRIX_KEYS = ['hops.*.exchange'] as const;

// SPIFFE-ID §2: nothing is normalised, so upper case, ports, escapes and dot segments are not SPIFFE IDs.
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

const trustDomain = () => text(TRUST_DOMAIN, 'must be a trust domain in lower case, such as prod.acme.example');
const owner = () => words().meta({ description: 'Who answers for it.' });
const issuer = () =>
  words().meta({
    description: 'Not for `spiffe`, else required: the `iss` of its tokens, as in `issuers` of behalf.yaml.',
  });
const grants = () =>
  z.boolean().prefault(false).meta({ description: 'Not for `spiffe`: its tokens may carry grants.' });

const authority = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('spiffe').meta({
      description: '`spiffe`: the mesh CA. `oidc`: an identity provider. `broker`: who exchanges tokens for us.',
    }),
    owner: owner(),
  }),
  z.strictObject({ kind: z.literal('oidc'), issuer: issuer(), owner: owner(), grants: grants() }),
  z.strictObject({ kind: z.literal('broker'), issuer: issuer(), owner: owner(), grants: grants() }),
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

const exception = z.strictObject({
  hop: name().meta({ description: 'The row that deviates.' }),
  rule: choice(EXCEPTION_RULES).meta({ description: 'The rule that it deviates from: a rule of `matrix lint`.' }),
  owner: words().meta({ description: 'Who answers for the deviation.' }),
  reason: words().meta({ description: 'Why it is needed, for people.' }),
  expires: lastDay().meta({ description: 'The last day on which it counts (UTC). From then on the row denies.' }),
});

/** matrix.yaml, key by key. Durations are in seconds once read, days in milliseconds since the epoch. */
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
    exceptions: z
      .array(exception, { error: ({ input }) => (input === undefined ? undefined : 'must be a list of exceptions') })
      .prefault([])
      .meta({ description: 'Every deviation from a rule: written down, owned, and with a last day.' }),
  })
  .meta({ title: 'matrix.yaml', description: 'The auth matrix of Behalf: one row per agent action.' });

/** matrix.yaml as it was written, with defaults. */
export type MatrixFile = z.output<typeof matrixSchema>;
export type HopFile = MatrixFile['hops'][string];
