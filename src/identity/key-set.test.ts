import { CompactSign, compactVerify, exportJWK, generateKeyPair, type JWK } from 'jose';
import { pino } from 'pino';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { JwksAnswer } from './jwks-source.ts';
import { createKeySet, type KeySource } from './key-set.ts';

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
    return { text: typeof answer === 'string' ? answer : JSON.stringify({ keys: answer }) };
  };
  const set = createKeySet('https://idp.example', SOURCE, { log, fetch, now: () => state.clock });
  return { set, state };
}

describe('the keys of an issuer', () => {
  it('are fetched once for everyone who waits [J21]', async () => {
    const { set, state } = keySet([{ ...es, kid: 'a' }]);
    await Promise.all(Array.from({ length: 50 }, () => set.find('a', 'ES256')));
    expect(state.fetches).toBe(1);
    set.close();
  });

  it('are fetched at most once in 30 s for unknown kids [J20]', async () => {
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
      return Promise.resolve({ text: JSON.stringify({ keys: [{ ...es, kid: 'a' }] }) });
    };
    const set = createKeySet('https://idp.example', SOURCE, { log, fetch });
    await set.find('a', 'ES256');
    vi.advanceTimersByTime(30_001);
    vi.setSystemTime(Date.now() - 3_600_000);
    await expect(set.find('x', 'ES256')).rejects.toThrow('key_unknown');
    expect(fetches).toBe(2);
    set.close();
  });

  it('include a rotated key on first sight, and drop a removed one with a new epoch [J23]', async () => {
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
  ])('stay as they were when the source answers %s [J22]', async (_, bad) => {
    const { set, state } = keySet([{ ...es, kid: 'a' }], bad);
    await set.find('a', 'ES256');
    state.clock += 30_001;
    await expect(set.find('zz', 'ES256')).rejects.toThrow('key_unknown');
    await expect(set.find('a', 'ES256')).resolves.toBeDefined();
    expect(set.status().ready).toBe(true);
    set.close();
  });

  it('that never loaded are a fault, not a denial [J21]', async () => {
    const { set } = keySet(new Error('connection refused'));
    await expect(set.find('a', 'ES256')).rejects.toThrow('jwks_unavailable');
    expect(set.status()).toEqual({ ready: false, detail: 'connection refused' });
    set.close();
  });

  it('do not serve an algorithm of another key type [J02]', async () => {
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

  it('serve Ed25519 by either of its names (RFC 8037, RFC 9864), and by no key of another type [J02]', async () => {
    const { publicKey: verifier, privateKey: signer } = await generateKeyPair('Ed25519', { extractable: true });
    const { set } = keySet([
      { ...(await exportJWK(verifier)), kid: 'ed' },
      { ...es, kid: 'es' },
    ]);
    for (const alg of ['Ed25519', 'EdDSA']) {
      const token = await new CompactSign(Buffer.from('{}')).setProtectedHeader({ alg }).sign(signer);
      const { key } = await set.find('ed', alg);
      await expect(compactVerify(token, key, { algorithms: [alg] })).resolves.toBeDefined();
      await expect(set.find('es', alg)).rejects.toThrow('key_unknown');
    }
    set.close();
  });

  it('are told apart by their type, where neither they nor the token have a kid [J02]', async () => {
    const { set } = keySet([rsa, es]);
    await expect(set.find(undefined, 'ES256')).resolves.toBeDefined();
    await expect(set.find(undefined, 'RS256')).resolves.toBeDefined();
    set.close();
  });

  it('leave out private, symmetric, weak and encryption keys [J22]', async () => {
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

  it('are not guessed between [J04]', async () => {
    const { set } = keySet([
      { ...es, kid: 'a' },
      { ...other, kid: 'a' },
    ]);
    await expect(set.find('a', 'ES256')).rejects.toThrow('key_ambiguous');
    await expect(set.find(undefined, 'ES256')).rejects.toThrow('key_ambiguous');
    set.close();
  });

  it('leave out an RSA key that is long only by its zeros, or that is costly or unsafe to use [J22]', async () => {
    const zeros = Buffer.concat([Buffer.alloc(192), Buffer.alloc(64, 255)]).toString('base64url');
    const { set } = keySet([
      { ...rsa, kid: 'padded', n: zeros },
      { ...rsa, kid: 'long', n: Buffer.alloc(2048, 255).toString('base64url') },
      { ...rsa, kid: 'costly', e: Buffer.alloc(256, 255).toString('base64url') },
      { ...rsa, kid: 'one', e: 'AQ' },
      { ...rsa, kid: 'good' },
    ]);
    for (const kid of ['padded', 'long', 'costly', 'one']) {
      await expect(set.find(kid, 'RS256')).rejects.toThrow('key_unknown');
    }
    await expect(set.find('good', 'RS256')).resolves.toMatchObject({ kid: 'good' });
    set.close();
  });

  it('keep only so many Checks of unknown keys waiting, and those of known keys not at all [J20]', async () => {
    let release: (answer: { text: string }) => void = () => {};
    const answers = [
      Promise.resolve(textOf([{ ...es, kid: 'a' }])),
      new Promise<{ text: string }>((r) => (release = r)),
    ];
    let clock = 0;
    const fetch = () => answers.shift() ?? Promise.reject(new Error('asked too often'));
    const set = createKeySet('https://idp.example', SOURCE, { log, fetch, now: () => clock });
    await set.find('a', 'ES256');
    clock += 30_001;
    let answered = 0;
    const asked = Array.from({ length: 300 }, (_, n) =>
      set.find(`x${n}`, 'ES256').catch(() => {
        answered += 1;
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(300 - 256);
    await expect(set.find('a', 'ES256')).resolves.toBeDefined();
    release(textOf([{ ...es, kid: 'a' }]));
    await Promise.all(asked);
    expect(answered).toBe(300);
    set.close();
  });
});

describe('keys of an issuer that cannot be reached', () => {
  const DOWN = new Error('connection refused');
  const HOUR = 3_600_000;

  it('keys that could not be confirmed for longer than maxStale are not used [J21, J23]', async () => {
    const keys = [{ ...es, kid: 'a' }];
    const { set, state } = keySet(keys, DOWN, DOWN, DOWN, keys);
    await set.find('a', 'ES256');
    const before = set.epoch;
    state.clock += HOUR;
    await expect(set.find('a', 'ES256')).resolves.toBeDefined();
    expect([set.epoch, set.status().ready]).toEqual([before, true]);
    state.clock += 1;
    expect([set.epoch === before, set.status().ready]).toEqual([false, false]);
    await expect(set.find('a', 'ES256')).rejects.toThrow('jwks_unavailable');
    expect(set.status()).toEqual({ ready: false, detail: 'connection refused' });
    // Not each Check asks: only one each two seconds.
    await expect(set.find('a', 'ES256')).rejects.toThrow('jwks_unavailable');
    expect(state.fetches).toBe(2);
    for (const fetches of [3, 4]) {
      state.clock += 2000;
      await expect(set.find('a', 'ES256')).rejects.toThrow('jwks_unavailable');
      expect(state.fetches).toBe(fetches);
    }
    state.clock += 2000;
    await expect(set.find('a', 'ES256')).resolves.toBeDefined();
    expect([set.epoch, set.status()]).toEqual([before, { ready: true, detail: '1 keys' }]);
    set.close();
  });

  it('end with a Check that waited for a fetch until they were stale [J23]', async () => {
    const { set, state } = keySet([{ ...es, kid: 'a' }], DOWN);
    await set.find('a', 'ES256');
    state.clock += HOUR;
    const asked = set.find('x', 'ES256');
    state.clock += 1;
    await expect(asked).rejects.toThrow('jwks_unavailable');
    set.close();
  });

  it('are confirmed by a 304, and by the same keys again [J23]', async () => {
    const text = JSON.stringify({ keys: [{ ...es, kid: 'a' }] });
    const answers: JwksAnswer[] = [{ text, etag: '"1"' }, { text: undefined, etag: '"1"' }, { text }];
    let clock = 0;
    const fetch = () => Promise.resolve(answers.shift() ?? Promise.reject(DOWN));
    const set = createKeySet('https://idp.example', SOURCE, { log, fetch, now: () => clock });
    await set.find('a', 'ES256');
    const before = set.epoch;
    for (const left of [1, 0]) {
      clock += HOUR;
      await expect(set.find('x', 'ES256')).rejects.toThrow('key_unknown');
      expect(answers.length).toBe(left);
    }
    clock += HOUR;
    await expect(set.find('a', 'ES256')).resolves.toMatchObject({ epoch: before });
    clock += 1;
    await expect(set.find('a', 'ES256')).rejects.toThrow('jwks_unavailable');
    set.close();
  });

  it('serve for as long as the configuration says, and those of a file until it is read anew [J23]', async () => {
    const text = JSON.stringify({ keys: [{ ...es, kid: 'a' }] });
    const readyAfter = async (source: KeySource, after: number): Promise<boolean> => {
      let clock = 0;
      const fetch = () => Promise.resolve({ text });
      const set = createKeySet('https://idp.example', source, { log, fetch, now: () => clock });
      await set.find('a', 'ES256');
      clock += after;
      set.close();
      return set.status().ready;
    };
    expect(await readyAfter({ ...SOURCE, maxStale: 60 }, 60_000)).toBe(true);
    expect(await readyAfter({ ...SOURCE, maxStale: 60 }, 60_001)).toBe(false);
    expect(await readyAfter({ file: 'keys.json' }, 1000 * HOUR)).toBe(true);
  });
});

describe('the regular refresh', () => {
  const start = async (...answers: readonly JwksAnswer[]) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const etags: (string | undefined)[] = [];
    const fetch = (_: unknown, etag?: string) => {
      const answer = answers[Math.min(etags.length, answers.length - 1)];
      etags.push(etag);
      return answer === undefined ? Promise.reject(new Error('no answer')) : Promise.resolve(answer);
    };
    const set = createKeySet('https://idp.example', SOURCE, { log, fetch });
    set.start();
    await set.find('a', 'ES256');
    await vi.advanceTimersByTimeAsync(0);
    return { set, etags };
  };

  it('stops a key that its issuer has taken back within 30 s, though no token asks for another [J23]', async () => {
    const { set } = await start(textOf([{ ...es, kid: 'a' }]), textOf([{ ...other, kid: 'b' }]));
    const before = set.epoch;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(set.epoch).not.toBe(before);
    await expect(set.find('a', 'ES256')).rejects.toThrow('key_unknown');
    set.close();
  });

  it('does not make a new key wait for the cooldown of unknown ones [J20, J23]', async () => {
    const old = textOf([{ ...es, kid: 'a' }]);
    const { set, etags } = await start(old, old, textOf([{ ...other, kid: 'b' }]));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(etags.length).toBe(2);
    await expect(set.find('b', 'ES256')).resolves.toBeDefined();
    set.close();
  });

  it.each([
    ['sooner where the issuer says so', 10, 10_000, 2],
    ['never more often than each 5 s', 0, 4_400, 1],
    ['each 5 s where nothing may be kept', 0, 5_000, 2],
    ['never later than each 30 s', 86_400, 30_000, 2],
  ])('comes %s [J23]', async (_, maxAge, after, fetches) => {
    const { set, etags } = await start({ ...textOf([{ ...es, kid: 'a' }]), maxAge });
    await vi.advanceTimersByTimeAsync(after);
    expect(etags.length).toBe(fetches);
    set.close();
  });

  it('names what is held, and keeps it with its epoch where that is still the answer', async () => {
    const { set, etags } = await start(
      { ...textOf([{ ...es, kid: 'a' }]), etag: '"1"' },
      { text: undefined, etag: '"1"' },
    );
    const before = set.epoch;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(etags.slice(0, 3)).toEqual([undefined, '"1"', '"1"']);
    expect(set.epoch).toBe(before);
    expect(set.status().ready).toBe(true);
    await expect(set.find('a', 'ES256')).resolves.toBeDefined();
    set.close();
  });
});

function textOf(keys: JWK[]): { text: string } {
  return { text: JSON.stringify({ keys }) };
}
