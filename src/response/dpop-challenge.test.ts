import { describe, expect, it } from 'vitest';
import { DPOP_ALGORITHMS } from '../identity/dpop-key.ts';
import { Refusal, type RefusalCode } from '../refusals.ts';
import { type Denied, deny } from './deny.ts';

const ALGS = `algs="${Object.keys(DPOP_ALGORITHMS).join(' ')}"`;

function headersOf(refusal: Refusal, over: Partial<Denied> = {}): Record<string, string | undefined> {
  const answer = deny({ decisionId: 'd-1', refusal, isGrpc: false, detail: 'class', ...over });
  const headers = answer.message.denied_response?.headers ?? [];
  return Object.fromEntries(headers.map(({ header }) => [header?.key ?? '', header?.value]));
}

const challenge = (code: RefusalCode, over?: Partial<Denied>) =>
  headersOf(new Refusal(code, 'why'), over)['www-authenticate'];

describe('the challenge of a DPoP row', () => {
  it.each<[RefusalCode, string]>([
    ['token_missing', `DPoP ${ALGS}`],
    ['peer_missing', `DPoP ${ALGS}`],
    ['token_expired', `DPoP error="invalid_token", ${ALGS}`],
    ['dpop_replayed', `DPoP error="invalid_dpop_proof", ${ALGS}`],
    ['scope_missing', `DPoP error="insufficient_scope", scope="a:b", ${ALGS}`],
  ])('for %s asks for a DPoP token, and says what proofs may be signed with (RFC 9449 §7.1)', (code, text) => {
    expect(challenge(code, { sender: 'dpop', scopes: ['a:b'] })).toBe(text);
  });

  it.each<[RefusalCode, string]>([
    ['dpop_malformed', 'invalid_dpop_proof'],
    ['dpop_alg', 'invalid_dpop_proof'],
    ['dpop_signature_invalid', 'invalid_dpop_proof'],
    ['dpop_htm_mismatch', 'invalid_dpop_proof'],
    ['dpop_htu_mismatch', 'invalid_dpop_proof'],
    ['dpop_ath_mismatch', 'invalid_dpop_proof'],
    ['dpop_stale', 'invalid_dpop_proof'],
    ['dpop_required', 'invalid_token'],
    ['dpop_binding_missing', 'invalid_token'],
    ['dpop_key_mismatch', 'invalid_token'],
  ])('for %s is the same on every row: the error is %s', (code, error) => {
    expect(challenge(code)).toBe(`DPoP error="${error}", ${ALGS}`);
  });

  it('hands out the nonce that the next proof must carry [D08]', () => {
    const headers = headersOf(new Refusal('dpop_nonce_required', 'why', { dpopNonce: 'n-1' }));
    expect(headers['dpop-nonce']).toBe('n-1');
    expect(headers['www-authenticate']).toBe(`DPoP error="use_dpop_nonce", ${ALGS}`);
    expect(headersOf(new Refusal('dpop_stale', 'why'))).not.toHaveProperty('dpop-nonce');
  });

  it('is none of the others', () => {
    expect(challenge('token_expired')).toBe('Bearer error="invalid_token"');
    expect(challenge('token_missing', { sender: 'mtls' })).toBe('Bearer');
    expect(challenge('policy_denied', { sender: 'dpop' })).toBeUndefined();
    expect(challenge('jwks_unavailable', { sender: 'dpop' })).toBeUndefined();
  });
});
