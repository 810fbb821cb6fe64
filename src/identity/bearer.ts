import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';

/** Neither the scheme nor a JWT holds a comma, which is how two headers look when they are joined. */
const BEARER = /^bearer ([^\s,]+)$/i;

/**
 * Takes the bearer token out of the one place where it may be: the authorization header (RFC 6750 §2.1, threats E06,
 * J19). The token is not looked at.
 * @throws Refusal `token_missing`, `credential_ambiguous`, `credential_location`
 */
export function bearerToken({ headers, query }: Pick<CheckInput, 'headers' | 'query'>): string {
  const authorization = headers['authorization'];
  if (authorization === undefined || authorization === '') {
    throw new Refusal('token_missing', 'there is no authorization header');
  }
  // RFC 6750 §2: one way at a time. Which of the two the upstream would believe is not ours to guess.
  if (Object.hasOwn(query, 'access_token')) throw new Refusal('credential_ambiguous', 'the query has access_token');
  const token = BEARER.exec(authorization)?.[1];
  if (token !== undefined) return token;
  // Envoy joins two authorization headers with a comma.
  throw authorization.includes(',')
    ? new Refusal('credential_ambiguous', 'there are two authorization headers')
    : new Refusal('credential_location', 'the authorization header does not hold one bearer token');
}
