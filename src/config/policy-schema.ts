import { z } from 'zod';
import { isLoopback } from '../address.ts';
import { DEFAULT_BUDGET } from '../policy/policy.ts';
import { SIGNING_ALGORITHMS } from '../policy/signing-key.ts';
import { choice, count, duration, text, words } from './fields.ts';

const KEY_ID = /^[\x21-\x7e]{1,128}$/;

/** Who signs bundles: key id → the public key. */
const keys = z
  .record(
    text(KEY_ID, 'must be a key id of visible ASCII characters'),
    z
      .union(
        [
          text(/^file:.+$/, 'must be file:PATH'),
          z.strictObject({
            file: words().meta({ description: 'The public key, PEM or JWK. Reread when it changes.' }),
            algorithm: choice(SIGNING_ALGORITHMS, ['HS256', 'HS384', 'HS512'])
              .optional()
              .meta({ description: 'RS256, ES256, ES384, ES512 or EdDSA where it is left out, as the key suggests.' }),
          }),
        ],
        {
          error: ({ input }) => (input === undefined ? undefined : 'must be file:PATH, or a map of file and algorithm'),
        },
      )
      .transform((key) => (typeof key === 'string' ? { file: key.slice('file:'.length) } : key)),
  )
  .prefault({})
  .meta({
    description:
      'Who signs bundles: key id → `file:PATH` of the public key, or `{file, algorithm}`. Where there is one, a bundle without a signature by one of them is refused, wherever it comes from (bundles.md). The algorithm is what is written here, or what the key suggests; never what the bundle says.',
  });

/** `policy`: which Rego decides, and how far it may go. */
export const policy = z
  .strictObject({
    bundle: words()
      .refine((value) => !isUrl(value) || isPlainUrl(value), {
        error: 'must be a URL without user, password and fragment',
      })
      .meta({
        description:
          'The OPA bundle, compiled to WASM: a `bundle.tar.gz`, a folder with what such a file holds, or the URL of a bundle server (`https`; `http` with `keys`, or on a loopback address).',
      }),
    entrypoint: text(
      /^[A-Za-z_][A-Za-z0-9_]*(?:\/[A-Za-z_][A-Za-z0-9_]*)*$/,
      'must be a rule such as behalf/authz/decision',
    )
      .prefault('behalf/authz/decision')
      .meta({ description: 'The rule that decides.' }),
    budget: count(10_000, 10_000_000).prefault(DEFAULT_BUDGET).meta({
      description:
        'The ticks that one evaluation may take. A million are 1 to 5 ms, in which nothing else is decided; past that the Check is denied.',
    }),
    shadow: z
      .strictObject({
        bundle: words()
          .refine((value) => !/^https?:/i.test(value), { error: 'must be a file' })
          .meta({ description: 'The bundle to compare with; its entrypoint and budget are those of the live one.' }),
        sample: z
          .number({ error: 'must be a number from 0 to 1' })
          .min(0, { error: 'must be a number from 0 to 1' })
          .max(1, { error: 'must be a number from 0 to 1' })
          .prefault(1)
          .meta({ description: 'The share of Checks that it is asked about; which ones is fixed by the decision id.' }),
      })
      .optional()
      .meta({
        description:
          'A candidate that is asked beside the live policy, after the answer and on a thread of its own. It decides nothing; where it disagrees, record, span and metric say so. One that does not load is told of, and stops nothing.',
      }),
    keys,
    scope: words().optional().meta({
      description: 'Only with `keys`: the `scope` that the signature must state. Without it, it must state none.',
    }),
    unsigned: choice(['insecure']).optional().meta({
      description:
        '`insecure` lets a server bring bundles that nobody signed: whoever has the server, or its DNS, decides everything.',
    }),
    token: text(
      /^(?:file:.+|env:[A-Za-z_][A-Za-z0-9_]*)$/,
      'must be a reference, file:PATH or env:NAME; a secret is never written into the config',
    )
      .optional()
      .meta({
        description:
          'Only with a URL: the bearer token for the server, `file:PATH` or `env:NAME`; read anew for each request.',
      }),
    poll: duration()
      .refine((seconds) => seconds <= 3600, { error: 'must be at most 1h' })
      .prefault('60s')
      .meta({
        description:
          'Only with a URL: how often the server is asked; how long, up to 2m, it may wait with its answer where it knows long polling; and the longest that a failure waits. At most 1h.',
      }),
    persist: words().optional().meta({
      description:
        'A folder of this process alone, for what must outlive it: the last good bundle of a server, so that a start without the server works, and which bundles were replaced, so that none comes back.',
    }),
    allowDowngrade: words().optional().meta({
      description: 'The one revision that may be gone back to, though it was replaced. Take it out again afterwards.',
    }),
  })
  .superRefine(({ bundle, keys, scope, unsigned, token }, context) => {
    const say = (path: string, message: string): void => context.addIssue({ code: 'custom', path: [path], message });
    const isSigned = Object.keys(keys).length > 0;
    if (isSigned && unsigned !== undefined)
      say('unsigned', 'contradicts keys: where there are keys, every bundle is signed');
    if (!isSigned && scope !== undefined) say('scope', 'is only read with keys');
    if (!isUrl(bundle)) {
      if (token !== undefined) say('token', 'is only sent to a server: bundle is a file');
      return;
    }
    const isExposed = !isConfidential(bundle);
    if (!isSigned && unsigned === undefined)
      say(
        'bundle',
        'needs keys: without them, whoever has the server decides everything; set policy.keys, or policy.unsigned: insecure',
      );
    if (!isSigned && isExposed)
      say('bundle', 'needs keys: over http, anybody on the way can replace it; use https, or set policy.keys');
    if (token !== undefined && isExposed) say('token', 'needs https: over http, anybody on the way can read it');
  })
  .meta({ description: 'What may happen.' });

function isUrl(bundle: string): boolean {
  return /^https?:/i.test(bundle);
}

function isPlainUrl(bundle: string): boolean {
  if (!URL.canParse(bundle) || /\s/.test(bundle)) return false;
  const { username, password, hash } = new URL(bundle);
  return username === '' && password === '' && hash === '';
}

function isConfidential(bundle: string): boolean {
  if (!isPlainUrl(bundle)) return true;
  const { protocol, hostname } = new URL(bundle);
  return protocol === 'https:' || isLoopback(hostname);
}
