import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type IdentifyWorld, ISSUER, startIdentifyWorld } from '../../test/fakes/identify-world.ts';
import { type TokenMark, tokenId } from './token-id.ts';

/** The order of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

let world: IdentifyWorld;
beforeAll(async () => {
  world = await startIdentifyWorld();
});
afterAll(() => world.stop());

/** The same token under another valid signature, as anybody can write it: s becomes n - s. */
function twin(token: string): string {
  const [head = '', body = '', signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.from((ORDER - s).toString(16).padStart(64, '0'), 'hex');
  return `${head}.${body}.${Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url')}`;
}

describe('the id of a token', () => {
  it('is that of its issuer and jti, as an operator would compute it', async () => {
    const { token } = await world.identify(await world.token({ jti: 'j-1' }));
    expect(token.id).toBe(tokenId(ISSUER, { jti: 'j-1' }));
    expect(token.keyId).toBe(world.idp.jwks().keys[0]?.kid);
  });

  it('does not change with the signature, where there is no jti either [J13]', async () => {
    for (const jti of [undefined, 'j-2']) {
      const token = await world.token({ jti });
      const other = twin(token);
      expect(other).not.toBe(token);
      const [first, second] = await Promise.all([world.identify(token), world.identify(other)]);
      expect(second.token.id).toBe(first.token.id);
    }
  });

  it('names the key that verified the token, also where the token names none', async () => {
    const { token } = await world.identify(await world.token({}, { kid: undefined }));
    expect(token.keyId).toBe(world.idp.jwks().keys[0]?.kid);
  });

  it('is refused where jti is no name', async () => {
    for (const jti of [7, '', null, ['x']]) expect(await world.outcome(await world.token({ jti }))).toBe('claim_type');
  });

  it('is another for every other issuer, mark and kind of mark [C13, J26]', () => {
    const kinds = ['jti', 'signed', 'opaque', 'certificate', 'workload'] as const;
    const mark = fc
      .tuple(fc.constantFrom(...kinds), fc.string())
      .map(([kind, value]) => ({ [kind]: value }) as unknown as TokenMark);
    const named = fc.tuple(fc.string(), mark);
    fc.assert(
      fc.property(named, named, ([issuer, one], [other, two]) => {
        const isSame = JSON.stringify([issuer, one]) === JSON.stringify([other, two]);
        expect(tokenId(issuer, one) === tokenId(other, two)).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
    expect(tokenId('a', { jti: 'jtib' })).not.toBe(tokenId('ajti', { jti: 'b' }));
    expect(tokenId('a', { jti: '1:b' })).not.toBe(tokenId('a', { signed: '1:b' }));
  });
});
