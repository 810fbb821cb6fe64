import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Issuer, startIssuer } from '../../test/fakes/issuer.ts';
import { createIssuers, type Issuers } from './issuers.ts';
import { verifyToken } from './verify-token.ts';

const ISSUER = 'https://idp.acme.example';
const KEPT_MS = 30_000;
const COOLDOWN_MS = 30_000;

let idp: Issuer;
let issuers: Issuers;
/** The clock of the key set alone: a token is verified at the `now` that is handed in. */
let clock = 0;

beforeEach(async () => {
  idp = await startIssuer(ISSUER);
  clock = Date.now();
  issuers = createIssuers(
    [
      {
        issuer: ISSUER,
        jwks: { uri: idp.jwksUri },
        algorithms: ['ES256'],
        tokenTypes: ['at+jwt'],
        clockSkew: 30,
      },
    ],
    { log: pino({ level: 'silent' }), now: () => clock },
  );
});
afterEach(async () => {
  issuers.close();
  await idp.stop();
});

const mint = (over: object = {}) => idp.mint({ sub: 'alice', aud: 'https://erp.acme.example', ...over });

describe('a verified token', () => {
  it('is remembered, so that the next Check gets its verdict at once', async () => {
    const token = await mint();
    const now = Date.now();
    const first = await verifyToken(token, issuers, now);
    expect(verifyToken(token, issuers, now + KEPT_MS - 1)).toBe(first);
  });

  it('is forgotten after 30 s (J27)', async () => {
    const token = await mint();
    const now = Date.now();
    const first = await verifyToken(token, issuers, now);
    const later = verifyToken(token, issuers, now + KEPT_MS);
    expect(later).toBeInstanceOf(Promise);
    expect(await later).not.toBe(first);
  });

  it('is forgotten when it expires, where that is sooner (J27)', async () => {
    const now = Date.now();
    const exp = Math.floor(now / 1000) + 5;
    const token = await mint({ exp });
    await verifyToken(token, issuers, now);
    expect(verifyToken(token, issuers, exp * 1000 - 1)).not.toBeInstanceOf(Promise);
    await expect(verifyToken(token, issuers, exp * 1000)).resolves.toBeDefined();
    expect(issuers.verified.size).toBe(1);
  });

  it('is forgotten when its issuer publishes other keys, and refused when its own is gone (J23)', async () => {
    const token = await mint();
    const now = Date.now();
    await verifyToken(token, issuers, now);
    await idp.rotate({ drop: true });
    clock += COOLDOWN_MS + 1;
    // A token of the new key makes the issuer's keys be fetched anew.
    await verifyToken(await mint(), issuers, now);
    await expect(async () => verifyToken(token, issuers, now)).rejects.toThrow('key_unknown');
  });

  it('vouches for no other signature over the same claims (J26)', async () => {
    const token = await mint();
    const other = await mint({ sub: 'bob' });
    const now = Date.now();
    await verifyToken(token, issuers, now);
    const forged = token
      .split('.')
      .with(2, other.split('.')[2] ?? '')
      .join('.');
    await expect(async () => verifyToken(forged, issuers, now)).rejects.toThrow('token_signature_invalid');
  });

  it('that was refused is not remembered', async () => {
    const token = await idp.mint({ sub: 'alice', aud: 'x' }, { typ: 'JWT' });
    await expect(async () => verifyToken(token, issuers, Date.now())).rejects.toThrow('token_type_mismatch');
    expect(issuers.verified.size).toBe(0);
  });
});
