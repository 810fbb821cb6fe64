import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { Refusal } from '../refusals.ts';
import { parseStrictJson } from '../strict-json.ts';
import { type IntrospectionConfig, requestIntrospection } from './introspection-request.ts';
import type { Issuer } from './issuers.ts';
import { createPlaces } from './places.ts';

/** The one issuer that is asked about opaque tokens. */
export interface Introspector {
  /** The one that is asked. */
  readonly issuer: string;
  /**
   * Asks what a token means. Whoever asks about the same one meanwhile gets the same answer.
   * @param key the hash of the token: what is remembered, where the token itself is not
   * @param peer on whose behalf: one caller cannot take all places
   * @throws Refusal `token_inactive`, `introspection_unavailable`, `token_format`, `token_too_large`, `issuer_unknown`,
   *   `token_type_mismatch`
   */
  ask(token: string, key: string, peer: string): Promise<Introspected>;
}

/** What an issuer says of an active token; claims are not read yet. */
export interface Introspected {
  readonly issuer: Issuer;
  readonly payload: Readonly<Record<string, unknown>>;
  /** In bytes. */
  readonly size: number;
}

export interface IntrospectorOptions {
  readonly log: Logger;
  readonly request?: typeof requestIntrospection;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
}

const MAX_TOKEN = 16 * 1024;
/** RFC 6750 §2.1: what a bearer token is made of. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;
const LIMITS = { depth: 16, members: 256, values: 2048 };
const MAX_INACTIVE = 10_000;
/** A token can become active again nowhere but in a race with its own issuance. */
const INACTIVE_MS = 1000;
/** Refresh tokens and the like are no access tokens (threats J18). `access_token` is how some issuers put it. */
const TYPES = ['bearer', 'dpop', 'access_token'];

/** @param config where `issuer` is asked */
export function createIntrospector(
  issuer: Issuer,
  config: IntrospectionConfig,
  { log, request = requestIntrospection, now }: IntrospectorOptions,
): Introspector {
  const { issuer: name } = issuer.config;
  const pending = new Map<string, Promise<Introspected>>();
  const places = createPlaces();
  const inactive = new LRUCache<string, number>({ max: MAX_INACTIVE });
  let lastFailure: string | undefined;

  async function fetchAnswer(token: string): Promise<Introspected> {
    try {
      const text = await request(config, token);
      const payload = readAnswer(text);
      lastFailure = undefined;
      return { issuer, payload, size: text.length };
    } catch (cause) {
      const failure = cause instanceof Error ? cause.message : String(cause);
      // Asked anew with every token: told once, and again when the cause changes.
      if (failure !== lastFailure)
        log.warn({ issuer: name, error: failure }, 'introspection fails; opaque tokens are refused');
      lastFailure = failure;
      throw new Refusal('introspection_unavailable', 'the issuer did not answer as RFC 7662 has it', { cause });
    }
  }
  return {
    issuer: name,
    async ask(token, key, peer) {
      if (token.length > MAX_TOKEN) throw new Refusal('token_too_large', 'the token is over 16 KiB');
      if (!TOKEN.test(token)) throw new Refusal('token_format', 'the token holds what no token holds');
      if (now() < (inactive.get(key) ?? 0)) throw notActive();
      let answer = pending.get(key);
      if (answer === undefined) {
        const leave = places.take(peer);
        answer = fetchAnswer(token).finally(() => {
          pending.delete(key);
          leave();
        });
        pending.set(key, answer);
      }
      const { payload, size } = await answer;
      if (payload['active'] !== true) {
        inactive.set(key, now() + INACTIVE_MS);
        throw notActive();
      }
      requireOurs(payload, name);
      return { issuer, payload, size };
    },
  };
}

/** @throws Error */
function readAnswer(text: string): Record<string, unknown> {
  const answer = parseStrictJson(text, LIMITS);
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
    const claims = answer as Record<string, unknown>;
    if (typeof claims['active'] === 'boolean') return claims;
  }
  throw new Error('the answer has no "active"');
}

/** RFC 7662 §2.2: `iss` and `token_type` are optional, and believed only where they are what they must be. */
function requireOurs(
  { iss, token_type: type, token_use: use, cnf }: Readonly<Record<string, unknown>>,
  issuer: string,
): void {
  if (iss !== undefined && iss !== issuer) throw new Refusal('issuer_unknown', 'iss is not the issuer that was asked');
  const isAccess = type === undefined || (typeof type === 'string' && TYPES.includes(type.toLowerCase()));
  if (!isAccess || (use !== undefined && use !== 'access_token')) {
    throw new Refusal('token_type_mismatch', 'the issuer says that it is no access token');
  }
  // RFC 9449 §6.2: a token that the issuer calls a DPoP token says which key; without one it would pass as a bearer token.
  const hasKey = typeof cnf === 'object' && cnf !== null && Object.hasOwn(cnf, 'jkt');
  if (String(type).toLowerCase() === 'dpop' && !hasKey) {
    throw new Refusal('dpop_binding_missing', 'a DPoP token without cnf.jkt');
  }
}

function notActive(): Refusal {
  return new Refusal('token_inactive', 'the issuer says that it is not active');
}
