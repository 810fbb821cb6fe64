/**
 * The shape of behalf.yaml (design §5): the keys of this version, their defaults, and the sentence that documents each.
 * docs/configuration.md and schema/behalf.schema.json are generated from it (`npm run generate`).
 */
import { z } from 'zod';
import { isLoopback } from '../address.ts';
import { SIGNING_ALGORITHMS } from '../policy/signing-key.ts';
import { checked, choice, count, duration, listOf, text, words } from './fields.ts';
import { listen } from './listen-schema.ts';
import { peer } from './peer-schema.ts';
import { policy } from './policy-schema.ts';

/**
 * Keys that the design has and this version does not: refused like any unknown key, with a kinder message.
 * `*` stands for any name or list position.
 */
export const LATER_CONFIG_KEYS = ['listen.http', 'provenance.audit'] as const;

/** Tokens may name Ed25519 as RFC 9864 does; OPA's signatures do not. */
const ALGORITHMS = [...SIGNING_ALGORITHMS, 'Ed25519'] as const;

// RFC 9068 §4 and OpenID Connect Discovery §3: an issuer is an https URL without query and fragment.
const ISSUER = 'must be an https URL without query and fragment (http only on a loopback address)';

function issuerUrl() {
  return checked((value) => isSafeUrl(value) && !/[?#]/.test(value), ISSUER);
}

function isSafeUrl(value: string): boolean {
  if (!URL.canParse(value) || /\s/.test(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function secret() {
  // A message must never show the value: where a reference belongs, a mistaken operator has put the secret itself.
  return text(
    /^(?:file:.+|env:[A-Za-z_][A-Za-z0-9_]*)$/,
    'must be a reference, file:PATH or env:NAME; a secret is never written into the config',
  );
}

const jwks = z
  .strictObject({
    uri: checked(isSafeUrl, 'must be an https URL (http only on a loopback address)')
      .optional()
      .meta({ description: 'Where the issuer publishes its keys. https; http only on a loopback address.' }),
    file: words().optional().meta({ description: 'A file with the keys, reread when it changes.' }),
    maxStale: duration()
      .refine((seconds) => seconds >= 60 && seconds <= 86_400, { error: 'must be from 1m to 24h' })
      .optional()
      .meta({
        description:
          'Only with `uri`: for how long keys serve that the issuer could not be asked about again, from 1m to 24h; 1h where it is left out. Keys are asked for each 30 s, so that one that the issuer takes back stops then; while the issuer cannot be reached it could live on, and it does so for no longer than this. After it, tokens are refused with `jwks_unavailable`.',
      }),
  })
  .transform(({ uri, file, maxStale }, context): { uri: string; maxStale: number } | { file: string } => {
    if (uri !== undefined && file === undefined) return { uri, maxStale: maxStale ?? 3600 };
    if (file !== undefined && uri === undefined && maxStale === undefined) return { file };
    const message =
      (uri === undefined) === (file === undefined)
        ? 'must have exactly one of uri and file'
        : 'has maxStale, which is only read with uri';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .meta({ description: 'The key set (RFC 7517): exactly one of `uri` and `file`.' });

const introspection = z
  .strictObject({
    uri: checked(isSafeUrl, 'must be an https URL (http only on a loopback address)').meta({
      description: 'The introspection endpoint (RFC 7662). https; http only on a loopback address.',
    }),
    clientId: words().meta({ description: 'Who we are to the issuer.' }),
    clientSecret: secret().meta({ description: 'Our secret there: `file:PATH` or `env:NAME`.' }),
  })
  .meta({
    description:
      'For opaque tokens: where the issuer says what they mean. An answer is kept for at most 30 s. At most one issuer may have it.',
  });

const issuer = z.strictObject({
  introspection: introspection.optional(),
  issuer: issuerUrl().meta({ description: 'The `iss` of its tokens, compared byte by byte.' }),
  jwks,
  algorithms: listOf(choice(ALGORITHMS, ['ES256K']))
    .prefault(['ES256', 'RS256'])
    .meta({ description: 'The signature algorithms that this issuer uses. `none` and HMAC can never be named.' }),
  tokenTypes: listOf(text(/^[A-Za-z0-9][A-Za-z0-9.+/-]*$/, 'must be a media type such as at+jwt'))
    .transform((types) => types.map((type) => type.toLowerCase().replace(/^application\//, '')))
    .prefault(['at+jwt'])
    .meta({
      description:
        'The `typ` headers that are accepted (RFC 9068 §2.1). Some issuers, such as Entra ID and Keycloak, write `JWT`: for those alone, list `jwt`. Warning: their ID tokens have that `typ` too, so that only the audience tells them from access tokens; Behalf says so at start. A token without `typ` is always refused.',
    }),
  scopeClaim: choice(['scope', 'scp']).prefault('scope').meta({
    description:
      'The claim that holds the scopes: `scope` (RFC 9068), or `scp`, text (Entra ID) or a list (Okta). The other one is not read.',
  }),
  clockSkew: duration()
    .refine((seconds) => seconds <= 60, { error: 'must be at most 60s' })
    .prefault('30s')
    .meta({ description: 'How far the clocks of issuer and service may differ; at most 60s.' }),
});

const upload = z
  .strictObject({
    url: checked(isSafeUrl, 'must be an https URL (http only on a loopback address)').meta({
      description: 'Where records are POSTed to, such as `https://logs.acme.example/logs`. Redirects are not followed.',
    }),
    token: secret().optional().meta({ description: 'Sent as `authorization: Bearer`: `file:PATH` or `env:NAME`.' }),
    headers: z
      .record(text(/^[A-Za-z0-9-]+$/, 'must be a header name'), secret())
      .prefault({})
      .meta({ description: 'Header name → its value, by reference: `file:PATH` or `env:NAME`.' }),
    chunkBytes: count(4096, 16 * 1024 * 1024)
      .prefault(1024 * 1024)
      .meta({ description: 'The size of one request, before compression.' }),
    every: duration().prefault('5s').meta({ description: 'How long a record waits for others at most.' }),
    bufferBytes: count(64 * 1024, 256 * 1024 * 1024)
      .prefault(16 * 1024 * 1024)
      .meta({
        description: 'What may wait in memory while the service is away; past it the oldest are dropped and counted.',
      }),
  })
  .meta({
    description:
      'Sends each record to a service besides, as OPA sends its decision log: gzipped JSON arrays. The rule `data.system.log.drop` of the bundle may leave records out of it; the local ones are all there.',
  });

const provenance = z.strictObject({
  records: text(/^(?:stdout|none|file:.+)$/, 'must be stdout, none or file:PATH')
    .prefault('stdout')
    .meta({ description: 'Where decision records go: `stdout`, `file:PATH` or `none`.' }),
  traces: text(/^(?:otlp|none|file:.+)$/, 'must be otlp, none or file:PATH')
    .prefault('otlp')
    .meta({ description: 'Where spans go: `otlp` (set up by the `OTEL_*` variables), `file:PATH` or `none`.' }),
  subject: choice(['pseudonymous', 'plain'])
    .prefault('pseudonymous')
    .meta({ description: 'How spans and records name people. `plain` writes their identifiers down.' }),
  input: choice(['redacted', 'full']).prefault('redacted').meta({
    description:
      'What records keep of what policy saw. `redacted`: no claim, header, query, argument or body value, and people as `subject` says. `full`: all of it, so that every record can be replayed.',
  }),
  upload: upload.optional(),
  pseudonymKey: secret().optional().meta({
    description:
      'The key that pseudonyms and input digests are made with: `file:PATH` or `env:NAME`, at least 16 characters. Without it, a random one is made at start, and pseudonyms change with each restart.',
  }),
});

const limits = z.strictObject({
  inFlight: count(1, 100_000)
    .prefault(1000)
    .meta({ description: 'How many Checks may be worked on at once; more are refused as `overloaded`.' }),
  messageBytes: count(1024, 32 * 1024 * 1024)
    .prefault(4 * 1024 * 1024)
    .meta({ description: 'The largest Check message that is read, in bytes; larger ones are refused.' }),
});

const dpop = z.strictObject({
  origins: z
    .record(words(), text(/^https?:\/\/[^/?#]+$/, 'must be an origin such as https://api.acme.example'))
    .prefault({})
    .meta({
      description:
        'Host, as Envoy sees it → the origin that clients call, where that is not `https://HOST`. `htu` is compared with it; `x-forwarded-proto` is never believed.',
    }),
  nonceKey: secret().optional().meta({
    description:
      'Where it is set, proofs must carry our nonce (RFC 9449 §9), which is made with this key and so survives a restart: `file:PATH` or `env:NAME`, at least 16 characters, the same for all processes.',
  }),
});

/** behalf.yaml. Its output is complete: every default filled in, durations in seconds. */
export const configSchema = z
  .strictObject({
    listen: listen.prefault({}).meta({ description: 'Addresses to listen on. A change needs a restart.' }),
    matrix: words().prefault('./matrix.yaml').meta({ description: 'The auth matrix: one row per agent action.' }),
    peer: peer.prefault({}).meta({ description: 'Who calls.' }),
    dpop: dpop.prefault({}).meta({ description: 'How DPoP proofs are checked (RFC 9449).' }),
    store: text(/^(?:memory:|sqlite:.+)$/, 'must be memory: or sqlite:FILE')
      .prefault('memory:')
      .meta({
        description:
          'Where grants, approvals, revocations and what was used once are kept: `sqlite:FILE`, for all processes of one machine, or `memory:`, which nobody else can write to and which is gone with the process. A change needs a restart.',
      }),
    issuers: z
      .array(issuer, { error: ({ input }) => (input === undefined ? undefined : 'must be a list of issuers') })
      .prefault([])
      .superRefine((issuers, context) => {
        for (const [index, { issuer: name }] of issuers.entries()) {
          if (issuers.findIndex((other) => other.issuer === name) === index) continue;
          context.addIssue({ code: 'custom', path: [index, 'issuer'], message: 'this issuer is there twice' });
        }
      })
      .meta({ description: 'Whose tokens are accepted. Each `oidc` authority of the matrix needs one.' }),
    policy,
    denials: z
      .strictObject({
        detail: choice(['class', 'full']).prefault('class').meta({
          description:
            'What a refused client may read: the `class` of the refusal, or, for development, its code (`full`).',
        }),
      })
      .prefault({})
      .meta({ description: 'How a denial looks.' }),
    provenance: provenance
      .prefault({})
      .meta({ description: 'What every Check leaves behind. A change needs a restart.' }),
    limits: limits.prefault({}).meta({ description: 'What one process takes on. A change needs a restart.' }),
  })
  .meta({ title: 'behalf.yaml', description: 'The configuration of Behalf.' });

/** The configuration: complete, checked, with absolute paths and secrets read. */
export type Config = z.output<typeof configSchema>;
