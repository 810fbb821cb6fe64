import type { CredentialType } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';

/** A token as it was sent, not looked at. `scheme` says how it is used (RFC 6750 §2.1, RFC 9449 §7.1). */
export interface PresentedToken {
  readonly token: string;
  readonly scheme: 'bearer' | 'dpop';
}

/** Neither the scheme nor a token holds a comma, which is how two headers look when they are joined. */
const AUTHORIZATION = /^(bearer|dpop) ([^\s,]+)$/i;
const BARE = /^[^\s,]+$/;
const TRANSACTION_HEADER = 'txn-token';

/**
 * Takes the token out of the one place where a row of this type has it: the authorization header, or `txn-token`
 * (Transaction Tokens, draft §8.2). A second credential anywhere is refused: which of the two the upstream would believe
 * is not ours to guess (RFC 6750 §2, threats E06, J19).
 * @returns undefined where the row has no token (`mtls-only`)
 * @throws Refusal `token_missing`, `credential_ambiguous`, `credential_location`
 */
export function presentedToken(
  { headers, query, rawQuery }: Pick<CheckInput, 'headers' | 'query' | 'rawQuery'>,
  type: CredentialType,
): PresentedToken | undefined {
  const { authorization = '', [TRANSACTION_HEADER]: transaction } = headers;
  const isInQuery = Object.hasOwn(query, 'access_token') || hidesToken(rawQuery);
  if (type === 'mtls-only') {
    if (authorization === '' && transaction === undefined && !isInQuery) return undefined;
    throw new Refusal('credential_location', 'the row has no token, and one was sent');
  }
  const [sent, other] = type === 'transaction-token' ? [transaction, authorization] : [authorization, transaction];
  if (sent === undefined || sent === '') throw new Refusal('token_missing', 'there is no token where the row has it');
  if (isInQuery) throw new Refusal('credential_ambiguous', 'the query has access_token');
  if (other !== undefined && other !== '') throw new Refusal('credential_ambiguous', 'there is a second token');
  return type === 'transaction-token' ? bare(sent) : withScheme(sent);
}

/** Some servers split a query at `;` too, as HTML 4 advised: what they would take for a token is one (threats J19). */
function hidesToken(rawQuery: string): boolean {
  return rawQuery.includes(';') && new URLSearchParams(rawQuery.replaceAll(';', '&')).has('access_token');
}

function withScheme(authorization: string): PresentedToken {
  const [, scheme, token] = AUTHORIZATION.exec(authorization) ?? [];
  if (token !== undefined) return { token, scheme: scheme?.toLowerCase() === 'dpop' ? 'dpop' : 'bearer' };
  throw misplaced(authorization, 'the authorization header');
}

function bare(header: string): PresentedToken {
  if (BARE.test(header)) return { token: header, scheme: 'bearer' };
  throw misplaced(header, 'the txn-token header');
}

/** Envoy joins two headers of one name with a comma. */
function misplaced(value: string, what: string): Refusal {
  return value.includes(',')
    ? new Refusal('credential_ambiguous', `${what} is there twice`)
    : new Refusal('credential_location', `${what} does not hold one token`);
}
