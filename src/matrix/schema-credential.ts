import { z } from 'zod';
import { choice, duration, listOf, text, words } from '../config/fields.ts';
import { name } from './schema-name.ts';

const MAX_SCOPES = 32;
const TOKENS = ['access-token', 'exchanged-token', 'transaction-token', 'message-claim', 'federated-token'] as const;

const authority = () =>
  name().meta({
    description: 'Who issues it: an authority of kind `oidc` or `broker`; for `mtls-only`, of kind `spiffe`.',
  });

const token = z.strictObject({
  type: choice(TOKENS).meta({
    description:
      'What must arrive. `mtls-only`: no token, the certificate is all; then audience, scopes and maxLifetime are left out. `message-claim`: `queue.*` only.',
  }),
  authority: authority(),
  audience: words().meta({
    description:
      'The `aud` that the token must name, and the target that a grant must name. `mcp`: the https URL of the server.',
  }),
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
  singleUse: z.boolean().prefault(false).meta({
    description: 'Whether each token serves one request: the second one with it is refused, over all processes.',
  }),
});

/** What must arrive. */
export const credential = z.discriminatedUnion('type', [
  token,
  z.strictObject({ type: z.literal('mtls-only'), authority: authority() }),
]);
