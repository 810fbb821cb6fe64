import { type Claims, grantClaim, type Issuer } from '../test/fakes/issuer.ts';
import type { Story, TokenRecipe } from './story.ts';

/** Who can sign: the identity provider that Behalf trusts, and one that only claims to be it. */
export interface Signers {
  readonly trusted: Issuer;
  readonly stranger: Issuer;
}

/** Makes the token that the story calls `name`. `lifetime` is in seconds and for tokens that set none themselves. */
export async function mintToken(story: Story, name: string, signers: Signers, lifetime = 600): Promise<string> {
  const recipe = complete(story, name);
  if (recipe.text !== undefined) {
    return recipe.text;
  }
  const now = Math.floor(Date.now() / 1000);
  const claims: Claims = {
    sub: recipe.subject,
    aud: recipe.audience,
    scope: recipe.scope,
    client_id: 'agent-platform',
    ...(recipe.actor === undefined || recipe.actor === 'none' ? {} : { act: { sub: recipe.actor } }),
    authorization_details: recipe.grant && [
      grantClaim({ ...recipe.grant, expiresAt: now + (recipe.grantExpires ?? lifetime) }),
    ],
    iat: now + (recipe.issued ?? 0),
    exp: now + (recipe.expires ?? lifetime),
    ...recipe.claims,
  };
  if (recipe.signer === 'stranger') {
    return signers.stranger.mint(claims, { ...recipe.header, kid: signers.trusted.jwks().keys[0]?.kid });
  }
  return signers.trusted.mint(claims, recipe.header);
}

function complete(story: Story, name: string): TokenRecipe {
  const recipe = story.tokens[name];
  if (recipe === undefined) {
    throw new Error(`demo/story.yaml has no token named "${name}"`);
  }
  return recipe.like === undefined ? recipe : { ...complete(story, recipe.like), ...recipe };
}
