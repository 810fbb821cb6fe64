import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Issuer, startIssuer } from '../../test/fakes/issuer.ts';
import { createIssuers, type IssuerConfig, type Issuers } from './issuers.ts';
import { type Presented, verifyToken } from './verify-token.ts';

const ISSUER = 'https://idp.acme.example';
const KEPT_MS = 30_000;
const COOLDOWN_MS = 30_000;

const log = pino({ level: 'silent' });

let idp: Issuer;
let issuers: Issuers;
/** The monotonic clock of the issuers, which says when a verdict is stale and when keys may be fetched again. */
let clock = 0;

function configOf({ issuer, jwksUri }: Issuer): IssuerConfig {
  return { issuer, jwks: { uri: jwksUri }, algorithms: ['ES256'], tokenTypes: ['at+jwt'], clockSkew: 30 };
}

beforeEach(async () => {
  idp = await startIssuer(ISSUER);
  clock = 5000;
  issuers = createIssuers([configOf(idp)], { log, now: () => clock });
});
afterEach(async () => {
  vi.useRealTimers();
  issuers.close();
  await idp.stop();
});

/** A JWS is verified whoever brought it on which row. */
const presented = { hop: {}, peer: {} } as unknown as Presented;

const mint = (over: object = {}) => idp.mint({ sub: 'alice', aud: 'https://erp.acme.example', ...over });

describe('a verified token', () => {
  it('is remembered, so that the next Check gets its verdict at once', async () => {
    const token = await mint();
    const first = await verifyToken(token, issuers, presented);
    clock += KEPT_MS - 1;
    expect(verifyToken(token, issuers, presented)).toBe(first);
  });

  it('is forgotten after 30 s [J27]', async () => {
    const token = await mint();
    const first = await verifyToken(token, issuers, presented);
    clock += KEPT_MS;
    const later = verifyToken(token, issuers, presented);
    expect(later).toBeInstanceOf(Promise);
    expect(await later).not.toBe(first);
    expect(issuers.verified.size).toBe(1);
  });

  it('is forgotten in time though the wall clock is set back [J27]', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const own = createIssuers([configOf(idp)], { log });
    const token = await mint();
    await verifyToken(token, own, presented);
    vi.advanceTimersByTime(KEPT_MS);
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(verifyToken(token, own, presented)).toBeInstanceOf(Promise);
    own.close();
  });

  it('is forgotten when its issuer publishes other keys, and refused when its own is gone [J23]', async () => {
    await verifyToken(await mint(), issuers, presented);
    clock += COOLDOWN_MS / 2;
    const token = await mint();
    await verifyToken(token, issuers, presented);
    await idp.rotate({ drop: true });
    clock += COOLDOWN_MS / 2;
    // A token of the new key makes the issuer's keys be fetched anew, well before the verdict is stale.
    await verifyToken(await mint(), issuers, presented);
    await expect(async () => verifyToken(token, issuers, presented)).rejects.toThrow('key_unknown');
  });

  it('ends with the keys that it rests on, once nobody confirms them any more [J23]', async () => {
    const own = createIssuers([{ ...configOf(idp), jwks: { uri: idp.jwksUri, maxStale: 60 } }], {
      log,
      now: () => clock,
    });
    await verifyToken(await mint(), own, presented);
    clock += 45_000;
    const token = await mint();
    await verifyToken(token, own, presented);
    await idp.stop();
    clock += 15_000;
    expect(verifyToken(token, own, presented)).not.toBeInstanceOf(Promise);
    clock += 1;
    await expect(async () => verifyToken(token, own, presented)).rejects.toThrow('jwks_unavailable');
    own.close();
  });

  it('vouches for no other signature over the same claims [J26]', async () => {
    const token = await mint();
    const other = await mint({ sub: 'bob' });
    await verifyToken(token, issuers, presented);
    const forged = token
      .split('.')
      .with(2, other.split('.')[2] ?? '')
      .join('.');
    await expect(async () => verifyToken(forged, issuers, presented)).rejects.toThrow('token_signature_invalid');
  });

  it('takes memory by its size, so that large ones push out old ones before they fill it [J27]', async () => {
    const token = await mint({ note: 'n'.repeat(11_000) });
    const verdict = await verifyToken(token, issuers, presented);
    expect(issuers.verified.calculatedSize).toBeGreaterThan(token.length);
    for (let n = 0; n < 10_000; n++) issuers.verified.set(`token-${n}`, verdict);
    expect(issuers.verified.size).toBeLessThan(5000);
    expect(issuers.verified.size).toBeGreaterThan(1000);
  });

  it('that was refused is not remembered', async () => {
    const token = await idp.mint({ sub: 'alice', aud: 'x' }, { typ: 'JWT' });
    await expect(async () => verifyToken(token, issuers, presented)).rejects.toThrow('token_type_mismatch');
    expect(issuers.verified.size).toBe(0);
  });
});
