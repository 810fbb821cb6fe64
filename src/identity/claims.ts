import { nullObject } from '../null-object.ts';
import { Refusal } from '../refusals.ts';
import { type Confirmation, readConfirmation } from './confirmation.ts';

/** The claims that we read, with their types proven. Times are NumericDate, in seconds. */
export interface TokenClaims {
  readonly subject: string;
  /** `client_id` (RFC 9068 §2.2), else `azp`: the client that asked for the token. */
  readonly clientId: string | undefined;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly notBefore: number | undefined;
  /** `act`, unread: actor.ts judges it. */
  readonly act: unknown;
  /** `may_act`, unread: may-act.ts judges it. */
  readonly mayAct: unknown;
  /** What names this token, where its issuer gives names. */
  readonly jti: string | undefined;
  /** `authorization_details`, unread: delegation/ judges it. */
  readonly authorizationDetails: unknown;
  /** What `cnf` binds the token to; undefined where it is a bearer token. */
  readonly confirmation: Confirmation | undefined;
  /** Every other claim, for policy. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** Which claim holds the scopes: `scope` (RFC 9068), or `scp` as Entra ID and Okta write it. */
export type ScopeClaim = 'scope' | 'scp';

/** Never handed to policy as plain claims. `scope` and `scp` both: only the one that the issuer uses may say scopes. */
const REGISTERED = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'act', 'may_act', 'cnf'];
/** What an introspection answer says of itself and not of anybody (RFC 7662 §2.2). */
const ANSWER = ['active', 'token_type'];
const READ = new Set([...REGISTERED, ...ANSWER, 'scope', 'scp', 'authorization_details']);
const MAX_NUMERIC_DATE = 2 ** 43;

/**
 * Reads the claims of a payload whose signature is proven (RFC 7519 §4.1, RFC 9068 §2.2; threats J14, J16).
 * @param scopeClaim the one claim whose scopes count; the other is not looked at
 * @throws Refusal `claim_type`
 */
export function readClaims(payload: Readonly<Record<string, unknown>>, scopeClaim: ScopeClaim): TokenClaims {
  const subject = payload['sub'];
  if (typeof subject !== 'string' || subject === '') throw wrong('sub');
  const expiresAt = numericDate(payload, 'exp');
  const issuedAt = numericDate(payload, 'iat');
  if (expiresAt === undefined) throw wrong('exp');
  if (issuedAt === undefined) throw wrong('iat');
  const clientId = payload['client_id'] ?? payload['azp'];
  const others = nullObject<unknown>();
  for (const name of Object.keys(payload)) if (!READ.has(name)) others[name] = payload[name];
  return {
    subject,
    clientId: typeof clientId === 'string' ? clientId : undefined,
    audience: audienceOf(payload['aud']),
    scopes: scopesOf(payload, scopeClaim),
    expiresAt,
    issuedAt,
    notBefore: numericDate(payload, 'nbf'),
    act: payload['act'],
    mayAct: payload['may_act'],
    jti: tokenName(payload['jti']),
    authorizationDetails: payload['authorization_details'],
    confirmation: readConfirmation(payload['cnf']),
    others: Object.freeze(others),
  };
}

function numericDate(payload: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = payload[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_NUMERIC_DATE)) throw wrong(name);
  return value;
}

/** RFC 7519 §4.1.7. A name that is no text would be no name, and the token could not be revoked by it. */
function tokenName(jti: unknown): string | undefined {
  if (jti !== undefined && (typeof jti !== 'string' || jti === '')) throw wrong('jti');
  return jti;
}

function audienceOf(aud: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (list.length === 0 || !list.every((member) => typeof member === 'string' && member !== '')) throw wrong('aud');
  return list as readonly string[];
}

/** RFC 9068 §2.2.3.1, RFC 8693 §4.2: one string, separated by single spaces. `scp` may be a list of scopes too. */
function scopesOf(payload: Readonly<Record<string, unknown>>, name: ScopeClaim): readonly string[] {
  const value = payload[name];
  if (value === undefined || value === '') return [];
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  if (name === 'scp' && Array.isArray(value)) {
    const list: readonly unknown[] = value;
    if (list.every((scope) => typeof scope === 'string' && /^[^ ]+$/.test(scope))) return list as readonly string[];
  }
  throw wrong(name);
}

function wrong(name: string): Refusal {
  return new Refusal('claim_type', `${name} is missing or of the wrong type`);
}
