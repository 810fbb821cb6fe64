import { inWords } from '../../config/fields.ts';
import { dayText } from '../day-text.ts';
import { durationText } from '../duration-text.ts';
import type { Hop } from '../hop.ts';
import { floorsOf } from '../lint/floors-of.ts';
import type { Fact, Line } from './review.ts';

const SENDERS: Readonly<Record<Hop['sender'], Line>> = {
  peer: { text: "The token's actor must be the caller itself, by SPIFFE ID" },
  mtls: { text: "Bound to the caller's certificate (RFC 8705), and its actor must be the caller" },
  dpop: { text: 'Bound to a key that signs every request (DPoP, RFC 9449), and its actor must be the caller' },
  none: { text: 'Unbound: whoever holds the token can use it', tone: 'bad' },
};

/** Everything that a row says, in the order in which a Check asks for it. */
export function factsOf(hop: Hop, isDurable: boolean): readonly Fact[] {
  const { sender, credential, stream } = hop;
  return [
    { label: 'Requests', lines: requests(hop) },
    {
      label: 'Agents',
      lines: hop.agents.flatMap(({ name, spiffeId }) => [{ text: name }, { text: spiffeId, code: true }]),
    },
    { label: 'Caller', lines: [caller(hop)] },
    { label: 'Credential', lines: credentialLines(hop) },
    ...(credential.type === 'mtls-only' ? [] : [{ label: 'Sender', lines: [SENDERS[sender]] }]),
    { label: 'Delegation', lines: delegationLines(hop) },
    { label: 'Context', lines: contextLines(hop) },
    { label: 'Approval', lines: approvalLines(hop) },
    { label: 'Revocation', lines: revocationLines(hop, isDurable) },
    { label: 'In a fault', lines: [failure(hop)] },
    { label: 'Rollout', lines: [rollout(hop)] },
    ...(stream === undefined
      ? []
      : [{ label: 'Stream', lines: [{ text: `Ended after ${durationText(stream.maxDuration)}` }] }]),
  ].filter(({ lines }) => lines.length > 0);
}

function requests({ match }: Hop): readonly Line[] {
  const { hosts, methods, path, mcp, topic, destination, sni } = match;
  const code = true;
  return [
    ...hosts.map((host) => ({ text: `${methods.join(', ')} ${host}${path?.text ?? ''}`, code })),
    ...(topic === undefined ? [] : [{ text: `topic ${topic}`, code }]),
    ...(destination === undefined ? [] : [{ text: `to ${destination}`, code }]),
    ...(sni === undefined ? [] : [{ text: `server name ${sni}`, code }]),
    ...(mcp === undefined ? [] : [{ text: `methods ${mcp.methods.join(', ')}`, code }]),
    ...(mcp === undefined || mcp.tools.length === 0 ? [] : [{ text: `tools ${mcp.tools.join(', ')}`, code }]),
  ];
}

function caller({ peer }: Hop): Line {
  return peer.from === 'connection'
    ? { text: 'Proven by its client certificate (mTLS)' }
    : { text: `Proven by a JWT-SVID for ${peer.audience}` };
}

function credentialLines({ credential }: Hop): readonly Line[] {
  const { type, authority, issuer, audience, scopes, maxLifetime, singleUse } = credential;
  if (type === 'mtls-only') return [{ text: `No token: the certificate of ${authority.name} is all` }];
  return [
    {
      text: `${type} of ${authority.name}, at most ${durationText(maxLifetime)} long${singleUse === true ? ', for one request' : ''}`,
    },
    { text: `issuer ${issuer}`, code: true },
    { text: `audience ${audience}`, code: true },
    { text: `scopes ${scopes.join(' ')}`, code: true },
  ];
}

const GRANTS = { stored: 'a stored grant', token: 'a grant in the token', both: 'a grant in store and token' } as const;

function delegationLines({ delegation }: Hop): readonly Line[] {
  const { mode, grant, action, recheck } = delegation;
  const text = {
    required: `For a subject, by ${GRANTS[grant]}`,
    optional: `For itself, or for a subject by ${GRANTS[grant]}`,
    forbidden: 'For itself; delegation is forbidden',
  }[mode];
  return [
    { text },
    { text: `action ${action}`, code: true },
    ...(recheck ? [{ text: 'The store is asked once more on every use' }] : []),
  ];
}

function contextLines({ delegation: { context } }: Hop): readonly Line[] {
  return Object.entries(context).map(([key, { from, name }]) => ({ text: `${key} = ${from}.${name}`, code: true }));
}

function approvalLines({ delegation: { approval } }: Hop): readonly Line[] {
  if (approval === undefined) return [];
  const { when, body } = approval;
  return [
    { text: when === 'always' ? 'A person approves every request' : 'A person approves where policy demands it' },
    ...(body.length === 0 ? [] : [{ text: `binds ${body.join(', ')}`, code: true }]),
  ];
}

function revocationLines(hop: Hop, isDurable: boolean): readonly Line[] {
  const { revocation } = hop;
  if (revocation === undefined) return [{ text: 'Nothing is said', tone: 'bad' }];
  return floorsOf(hop, isDurable).map(({ by, seconds, why }): Line => {
    const promise = `By ${inWords(by)} within ${durationText(revocation.within)}`;
    const held = seconds === Number.POSITIVE_INFINITY ? 'never' : `${durationText(seconds)} at most`;
    return seconds <= revocation.within
      ? { text: `${promise}: holds, ${held}`, tone: 'good' }
      : { text: `${promise}: does not hold, ${held}: ${why}`, tone: 'bad' };
  });
}

function failure({ onFailure }: Hop): Line {
  if (onFailure === 'deny') return { text: 'Denied' };
  if ('retry' in onFailure) return { text: `Denied, to be tried again after ${durationText(onFailure.retry.after)}` };
  return { text: `Judged anew, as row ${onFailure.degrade.to}` };
}

function rollout({ rollout: stage }: Hop): Line {
  if (stage.mode === 'enforce') return { text: 'Enforced' };
  return { text: `Only observed until ${dayText(stage.until)}: what it denies passes`, tone: 'bad' };
}
