import { Refusal } from '../refusals.ts';

/** The claims that we read, with their types proven. Times are NumericDate, in seconds. */
export interface TokenClaims {
  readonly subject: string;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly notBefore: number | undefined;
  /** `act`, unread: actor.ts judges it. */
  readonly act: unknown;
  /** `authorization_details`, unread: delegation/ judges it. */
  readonly authorizationDetails: unknown;
  /** True where `cnf` binds the token to a key. */
  readonly isBound: boolean;
  /** Every other claim, for policy. */
  readonly others: Readonly<Record<string, unknown>>;
}

const READ = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'scope', 'act', 'authorization_details', 'cnf']);
const MAX_NUMERIC_DATE = 2 ** 43;

/**
 * Reads the claims of a payload whose signature is proven (RFC 7519 §4.1, RFC 9068 §2.2; threats J14, J16).
 * @throws Refusal `claim_type`
 */
export function readClaims(payload: Readonly<Record<string, unknown>>): TokenClaims {
  const subject = payload['sub'];
  if (typeof subject !== 'string' || subject === '') throw wrong('sub');
  const expiresAt = numericDate(payload, 'exp');
  const issuedAt = numericDate(payload, 'iat');
  if (expiresAt === undefined) throw wrong('exp');
  if (issuedAt === undefined) throw wrong('iat');
  const others = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(payload)) if (!READ.has(name)) others[name] = payload[name];
  return {
    subject,
    audience: audienceOf(payload['aud']),
    scopes: scopesOf(payload['scope']),
    expiresAt,
    issuedAt,
    notBefore: numericDate(payload, 'nbf'),
    act: payload['act'],
    authorizationDetails: payload['authorization_details'],
    isBound: payload['cnf'] !== undefined,
    others: Object.freeze(others),
  };
}

function numericDate(payload: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = payload[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_NUMERIC_DATE)) throw wrong(name);
  return value;
}

function audienceOf(aud: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (list.length === 0 || !list.every((member) => typeof member === 'string' && member !== '')) throw wrong('aud');
  return list as readonly string[];
}

/** RFC 9068 §2.2.3.1, RFC 8693 §4.2: one string, separated by single spaces. */
function scopesOf(scope: unknown): readonly string[] {
  if (scope === undefined || scope === '') return [];
  if (typeof scope !== 'string') throw wrong('scope');
  return scope.split(' ').filter((word) => word !== '');
}

function wrong(name: string): Refusal {
  return new Refusal('claim_type', `${name} is missing or of the wrong type`);
}
