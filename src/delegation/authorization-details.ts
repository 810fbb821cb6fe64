import { nullObject } from '../null-object.ts';
import { Refusal } from '../refusals.ts';
import type { Grant } from './grant.ts';

const TYPE = 'behalf_grant';
const MAX_GRANTS = 16;
const MAX_TEXT = 512;
/** Past this, dates lose their meaning (year 280,000). */
const MAX_NUMERIC_DATE = 2 ** 43;

/** The members that a grant may have. `approval` is passed over: only the store says what is approved. */
const MEMBERS = new Set(['type', 'id', 'task', 'actions', 'target', 'context', 'expires_at', 'approval']);

/**
 * Reads the `behalf_grant` objects out of a token's `authorization_details` (RFC 9396 §2). Other types are not ours and
 * are passed over; a malformed one of ours, or one that limits in a way we cannot enforce (`budget`), is refused, because
 * reading past a limit would widen the grant (RFC 9396 §5).
 * @throws Refusal `grant_invalid`
 */
export function readGrants(authorizationDetails: unknown): readonly Grant[] {
  if (authorizationDetails === undefined) return [];
  if (!Array.isArray(authorizationDetails)) throw invalid('authorization_details is not an array');
  const ours = authorizationDetails.filter(isOurs);
  if (ours.length > MAX_GRANTS) throw invalid(`there are over ${MAX_GRANTS} grants`);
  return ours.map(readGrant);
}

function isOurs(detail: unknown): detail is Record<string, unknown> {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) throw invalid('a detail is no object');
  return (detail as Record<string, unknown>)['type'] === TYPE;
}

function readGrant(detail: Record<string, unknown>): Grant {
  for (const name of Object.keys(detail)) {
    if (name === 'budget') throw invalid('a budget counts only in the store: it cannot be asserted');
    if (!MEMBERS.has(name)) throw invalid('a grant has a member that is not known');
  }
  const actions = detail['actions'];
  if (!Array.isArray(actions) || actions.length === 0) throw invalid('actions is no list');
  const expiresAt = detail['expires_at'];
  if (typeof expiresAt !== 'number' || !(expiresAt >= 0 && expiresAt <= MAX_NUMERIC_DATE))
    throw invalid('expires_at is no NumericDate');
  return {
    id: text(detail['id'], 'id'),
    task: text(detail['task'], 'task'),
    actions: actions.map((action) => text(action, 'actions')),
    target: text(detail['target'], 'target'),
    context: detail['context'] === undefined ? {} : readContext(detail['context']),
    expiresAt,
  };
}

function readContext(context: unknown): Record<string, string> {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) throw invalid('context is no object');
  const read = nullObject<string>();
  for (const [key, value] of Object.entries(context)) read[key] = text(value, 'context');
  return read;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT) throw invalid(`${name} is no short text`);
  return value;
}

function invalid(why: string): Refusal {
  return new Refusal('grant_invalid', why);
}
