import { durationText } from '../duration-text.ts';
import type { CredentialType, Hop } from '../hop.ts';
import type { Draft, World } from './finding.ts';

const HOUR = 3600;
const DAY = 86_400;
// draft-ietf-oauth-transaction-tokens: on the order of minutes. A message may wait in its queue.
const LONGEST: Partial<Record<CredentialType, number>> = { 'transaction-token': 300, 'message-claim': DAY };
/** What SPIRE issues by default; SPIFFE has them short so that they need no revocation. */
const SVID_LIFETIME = HOUR;

/** Nothing lives longer than it must, or than what it rests on. */
export function* lintLifetimes({ matrix }: World): Generator<Draft> {
  for (const hop of matrix.hops.values()) yield* hop.credential.type === 'mtls-only' ? ofConnection(hop) : ofToken(hop);
}

function* ofToken({ id, credential, sender, stream }: Hop): Generator<Draft> {
  const { type, maxLifetime } = credential;
  const about = { severity: 'error', hop: id, keys: ['hops', id, 'credential', 'maxLifetime'] } as const;
  const longest = LONGEST[type] ?? HOUR;
  if (maxLifetime > longest) {
    const message = `accepts a token (${type}) for ${durationText(maxLifetime)}; a stolen one works that long: accept ${durationText(longest)} at most`;
    yield { ...about, rule: 'lifetime-too-long', message };
  }
  if (sender === 'mtls' && maxLifetime > SVID_LIFETIME) {
    const message = `is bound to a certificate, and outlives it: an SVID lives ${durationText(SVID_LIFETIME)}; accept no more`;
    yield { ...about, rule: 'svid-outlived', message };
  }
  if (stream !== undefined && stream.maxDuration > maxLifetime) {
    const message = `lets a stream run for ${durationText(stream.maxDuration)}, longer than the token that opened it (${durationText(maxLifetime)}); end it sooner`;
    yield { ...about, rule: 'lifetime-too-long', keys: ['hops', id, 'stream', 'maxDuration'], message };
  }
}

function* ofConnection({ id, stream }: Hop): Generator<Draft> {
  if (stream === undefined || stream.maxDuration <= SVID_LIFETIME) return;
  const message = `lets a connection outlive its certificate: an SVID lives ${durationText(SVID_LIFETIME)}; end it sooner`;
  yield { rule: 'svid-outlived', severity: 'error', hop: id, keys: ['hops', id, 'stream', 'maxDuration'], message };
}
