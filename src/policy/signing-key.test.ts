import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSigningKey } from './signing-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'behalf-keys-'));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });

function file(content: string): string {
  const path = join(folder, `${Math.random()}.pem`);
  writeFileSync(path, content);
  return path;
}

const pem = (key: KeyObject) =>
  file(key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }).toString());
const jwk = (key: KeyObject) => file(JSON.stringify(key.export({ format: 'jwk' })));

describe('readSigningKey', () => {
  it.each([
    ['RSA', rsa.publicKey, 'RS256'],
    ['P-256', curve('P-256').publicKey, 'ES256'],
    ['P-384', curve('P-384').publicKey, 'ES384'],
    ['P-521', curve('P-521').publicKey, 'ES512'],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey, 'EdDSA'],
  ])('reads %s from PEM and JWK, with its usual algorithm', (_, key, algorithm) => {
    expect(readSigningKey({ file: pem(key) }).algorithm).toBe(algorithm);
    expect(readSigningKey({ file: jwk(key) }).algorithm).toBe(algorithm);
    expect(readSigningKey({ file: pem(key) }).key.equals(key)).toBe(true);
  });

  it('uses the algorithm that is configured where the key fits it', () => {
    expect(readSigningKey({ file: pem(rsa.publicKey), algorithm: 'PS512' }).algorithm).toBe('PS512');
    expect(() => readSigningKey({ file: pem(rsa.publicKey), algorithm: 'ES256' })).toThrow('it fits RS256, RS384');
    expect(() => readSigningKey({ file: pem(curve('P-256').publicKey), algorithm: 'ES384' })).toThrow('it fits ES256');
  });

  it.each([
    ['a private key in PEM', pem(rsa.privateKey), 'holds a private key'],
    ['a private key in JWK', jwk(curve('P-256').privateKey), 'holds a private key'],
    [
      'a small RSA key',
      pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
      'of a kind that is not used here',
    ],
    ['a curve that is not ours', pem(curve('secp256k1').publicKey), 'of a kind that is not used here'],
    ['a shared secret', file('{"kty":"oct","k":"c2VjcmV0"}'), 'holds no public key'],
    ['nothing', file(''), 'holds no public key'],
    ['text', file('ssh-ed25519 AAAA'), 'holds no public key'],
    ['no file', join(folder, 'none'), 'there is no such file'],
  ])('refuses %s [P10]', (_, path, problem) => {
    expect(() => readSigningKey({ file: path })).toThrow(problem);
  });
});
