import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { pino } from 'pino';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createKeySet } from './key-set.ts';

const log = pino({ level: 'silent' });
const SOURCE = { uri: 'https://idp.example/jwks' };
let es: JWK;
let other: JWK;
let rsa: JWK;
let privateKey: JWK;

async function publicKey(alg: string): Promise<JWK> {
  return exportJWK((await generateKeyPair(alg, { extractable: true, modulusLength: 2048 })).publicKey);
}

beforeAll(async () => {
  [es, other, rsa] = await Promise.all([publicKey('ES256'), publicKey('ES256'), publicKey('RS256')]);
  privateKey = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
});

afterEach(() => {
  vi.useRealTimers();
});

/** A key set whose source is `answers` in turn; the last one repeats. */
function keySet(...answers: (JWK[] | string | Error)[]) {
  const state = { fetches: 0, clock: 1_000_000 };
  const fetch = async () => {
    const answer = answers[Math.min(state.fetches++, answers.length - 1)];
    await Promise.resolve();
    if (answer instanceof Error) throw answer;
    return typeof answer === 'string' ? answer : JSON.stringify({ keys: answer });
  };
  const set = createKeySet('https://idp.example', SOURCE, { log, fetch, now: () => state.clock });
  return { set, state };
}

describe('the keys of an issuer', () => {
  it('are fetched once for everyone who waits (J21)', async () => {
    const { set, state } = keySet([{ ...es, kid: 'a' }]);
    await Promise.all(Array.from({ length: 50 }, () => set.find('a', 'ES256')));
    expect(state.fetches).toBe(1);
    set.close();
  });

  it('are fetched at most once in 30 s for unknown kids (J20)', async () => {
    const { set, state } = keySet([{ ...es, kid: 'a' }]);
    await set.find('a', 'ES256');
    for (let n = 0; n < 200; n++) await expect(set.find(`x${n}`, 'ES256')).rejects.toThrow('key_unknown');
    expect(state.fetches).toBe(1);
    state.clock += 30_001;
    await expect(set.find('x', 'ES256')).rejects.toThrow('key_unknown');
    await expect(set.find('y', 'ES256')).rejects.toThrow('key_unknown');
    expect(state.fetches).toBe(2);
    await expect(set.find('a', 'ES256')).resolves.toBeDefined();
    set.close();
  });

  it('may be fetched again after 30 s, though the wall clock is set back', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    let fetches = 0;
    const fetch = () => {
      fetches += 1;
      return Promise.resolve(JSON.stringify({ keys: [{ ...es, kid: 'a' }] }));
    };
    const set = createKeySet('https://idp.example', SOURCE, { log, fetch });
    await set.find('a', 'ES256');
    vi.advanceTimersByTime(30_001);
    vi.setSystemTime(Date.now() - 3_600_000);
    await expect(set.find('x', 'ES256')).rejects.toThrow('key_unknown');
    expect(fetches).toBe(2);
    set.close();
  });

  it('include a rotated key on first sight, and drop a removed one with a new epoch (J23)', async () => {
    const { set, state } = keySet([{ ...es, kid: 'a' }], [{ ...other, kid: 'b' }]);
    await set.find('a', 'ES256');
    const before = set.epoch;
    state.clock += 30_001;
    await expect(set.find('b', 'ES256')).resolves.toBeDefined();
    expect(set.epoch).not.toBe(before);
    await expect(set.find('a', 'ES256')).rejects.toThrow('key_unknown');
    set.close();
  });

  it.each<[string, string | Error | JWK[]]>([
    ['an error', new Error('connection refused')],
    ['HTML', '<html>'],
    ['no keys', '{"keys":[]}'],
    ['something else', '{"jwks":[]}'],
    ['null', 'null'],
    ['101 keys', JSON.stringify({ keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) })],
  ])('stay as they were when the source answers %s (J22)', async (_, bad) => {
    const { set, state } = keySet([{ ...es, kid: 'a' }], bad);
    await set.find('a', 'ES256');
    state.clock += 30_001;
    await expect(set.find('zz', 'ES256')).rejects.toThrow('key_unknown');
    await expect(set.find('a', 'ES256')).resolves.toBeDefined();
    expect(set.status().ready).toBe(true);
    set.close();
  });

  it('that never loaded are a fault, not a denial (J21)', async () => {
    const { set } = keySet(new Error('connection refused'));
    await expect(set.find('a', 'ES256')).rejects.toThrow('jwks_unavailable');
    expect(set.status()).toEqual({ ready: false, detail: 'connection refused' });
    set.close();
  });

  it('do not serve an algorithm of another key type (J02)', async () => {
    const { set } = keySet([
      { ...rsa, kid: 'a' },
      { ...es, kid: 'b', alg: 'ES256' },
      { ...rsa, kid: 'c', alg: 'RS256' },
    ]);
    await expect(set.find('a', 'ES256')).rejects.toThrow('key_unknown');
    await expect(set.find('a', 'HS256')).rejects.toThrow('key_unknown');
    await expect(set.find('b', 'ES384')).rejects.toThrow('key_unknown');
    await expect(set.find('c', 'PS256')).rejects.toThrow('key_unknown');
    await expect(set.find('a', 'PS256')).resolves.toBeDefined();
    set.close();
  });

  it('are told apart by their type, where neither they nor the token have a kid (J02)', async () => {
    const { set } = keySet([rsa, es]);
    await expect(set.find(undefined, 'ES256')).resolves.toBeDefined();
    await expect(set.find(undefined, 'RS256')).resolves.toBeDefined();
    set.close();
  });

  it('leave out private, symmetric, weak and encryption keys (J22)', async () => {
    const weak = { kty: 'RSA', n: Buffer.alloc(64, 255).toString('base64url'), e: 'AQAB', kid: 'weak' };
    const { set } = keySet([
      { ...es, kid: 'enc', use: 'enc' },
      { ...privateKey, kid: 'private' },
      { kty: 'oct', k: 'AAAA', kid: 'oct' },
      weak,
      { ...es, kid: 'good' },
    ]);
    for (const kid of ['enc', 'private', 'oct', 'weak']) {
      await expect(set.find(kid, kid === 'weak' ? 'RS256' : 'ES256')).rejects.toThrow('key_unknown');
    }
    await expect(set.find('good', 'ES256')).resolves.toBeDefined();
    set.close();
  });

  it('are not guessed between (J04)', async () => {
    const { set } = keySet([
      { ...es, kid: 'a' },
      { ...other, kid: 'a' },
    ]);
    await expect(set.find('a', 'ES256')).rejects.toThrow('key_ambiguous');
    await expect(set.find(undefined, 'ES256')).rejects.toThrow('key_ambiguous');
    set.close();
  });
});
