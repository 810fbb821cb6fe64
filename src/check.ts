import { delegate } from './delegation/delegate.ts';
import { spend } from './delegation/spend.ts';
import { requireUnrevoked } from './delegation/unrevoked.ts';
import { identify } from './identity/identify.ts';
import type { Identity } from './identity/identity.ts';
import { identifyPeer } from './identity/peer.ts';
import { fallbackOf } from './matrix/fallback-of.ts';
import type { RoutedHop } from './matrix/hop.ts';
import { route } from './matrix/route.ts';
import { requireUnexpired } from './matrix/unexpired.ts';
import { type Asked, asked } from './policy/asked.ts';
import { decide } from './policy/decide.ts';
import { policyInput } from './policy/input.ts';
import type { Outcome } from './policy/outcome.ts';
import type { Interval, Trail } from './provenance/trail.ts';
import { Refusal } from './refusals.ts';
import type { CheckInput } from './request/check-input.ts';
import { read } from './request/read.ts';
import { speaksGrpc } from './request/speaks-grpc.ts';
import { allow } from './response/allow.ts';
import { denied } from './response/denied.ts';
import { deny } from './response/deny.ts';
import { encode } from './response/encode.ts';
import { LAST_RESORT } from './response/last-resort.ts';
import { pass } from './response/pass.ts';
import { receive } from './server/receive.ts';
import type { Snapshot } from './snapshot.ts';
import type { Store } from './store/store.ts';

/** The steps of one Check. Tests put broken ones in their place; nothing else does. */
export const STEPS = {
  receive,
  read,
  route,
  identifyPeer,
  identify,
  requireUnrevoked,
  delegate,
  decide,
  spend,
  allow,
  encode,
};

export interface CheckParts {
  /** The live snapshot; undefined until the first one is complete. Read once a Check. */
  readonly snapshot: () => Snapshot | undefined;
  /** Grants, revocations and what was used once. */
  readonly store: Store;
  /** The subject as logs may show it (design §9, pseudonymous by default). */
  readonly subjectLabel: (identity: Pick<Identity, 'subject'>) => string;
  readonly maxMessageBytes: number;
  readonly steps: typeof STEPS;
}

/**
 * One Check: the bytes of a CheckRequest in, the bytes of a CheckResponse out. Its lines, and those of `permit`, are the
 * steps of design §2, in order; the first that throws ends it, and its only catch denies. Never rejects. What became
 * known is on `trail`.
 */
export async function check(bytes: Uint8Array, trail: Trail, parts: CheckParts): Promise<Buffer> {
  const { steps } = parts;
  try {
    const live = liveSnapshot(parts, trail);
    const message = steps.receive(bytes, parts.maxMessageBytes);
    trail.isGrpc = speaksGrpc(message);
    const input = (trail.input = steps.read(message));
    const routed = (trail.routed = steps.route(input, live.matrix));
    const walk = { input, live, trail, parts };
    const to = fallbackOf(routed.hop);
    return await (to === undefined
      ? permit(routed, walk)
      : permit(routed, walk).catch((error: unknown) => degrade(error, to, routed, walk)));
  } catch (error) {
    return refuse(asRefusal(error), trail);
  }
}

interface Walk {
  readonly input: CheckInput;
  readonly live: Snapshot;
  readonly trail: Trail;
  readonly parts: CheckParts;
}

/** The steps that judge a request for one row. @throws Refusal */
async function permit(routed: RoutedHop, walk: Walk): Promise<Buffer> {
  const { input, live, trail, parts } = walk;
  const { steps, store } = parts;
  const now = trail.receivedAt;
  const { hop } = routed;
  requireUnexpired(hop, now);
  trail.identifyTook = begin();
  const peer = (trail.peer = await steps.identifyPeer(input, hop, live.peer, now));
  const { matrix, issuers, dpop } = live;
  const identity = (trail.identity = await steps.identify(input, hop, { peer, matrix, issuers, dpop, now }));
  trail.subjectLabel = parts.subjectLabel(identity);
  end(trail.identifyTook);
  const unrevoked = steps.requireUnrevoked(identity, hop, store);
  const { grant, spending, wanted } = steps.delegate(identity, routed, input, { store, now });
  trail.grant = grant;
  trail.wanted = wanted;
  trail.decideTook = begin();
  const { policy } = live;
  trail.asked = asked(policyInput({ input, routed, identity, grant, now, call: routed.mcp?.[0] }));
  let outcome = decideOn(trail.asked, walk);
  // A batch is several actions in one request: policy permits each of them, or none (threats E18).
  for (const call of routed.mcp?.slice(1) ?? []) {
    outcome = joined(outcome, decideOn(asked(policyInput({ input, routed, identity, grant, now, call })), walk));
  }
  trail.outcome = outcome;
  end(trail.decideTook);
  requireInTime(trail);
  const spent = spending === undefined ? 'nothing' : await steps.spend(spending, identity.once, store);
  const { decisionId, subjectLabel, fallback } = trail;
  const { revision: policyRevision } = policy;
  // biome-ignore format: the proofs, and what is told of them
  const allowed = {
    unrevoked, spent, spending, grant, outcome, input, routed, identity,
    decisionId, policyRevision, subjectLabel, fallback,
  } as const;
  return sealed(steps.encode(steps.allow(allowed)));
}

/**
 * A row may declare another, narrower one for the time of a fault (design §1.5): the same request is judged anew, whole,
 * by that row, and answer, span, record and metric say so. A refusal is never a fault, and what could be revoked is not
 * degraded either.
 */
async function degrade(error: unknown, to: string, { hop }: RoutedHop, walk: Walk): Promise<Buffer> {
  const refusal = asRefusal(error);
  if (refusal.row.class !== 'fault' || refusal.code === 'revocation_unavailable') throw error;
  const { input, trail, live, parts } = walk;
  requireInTime(trail);
  // What the first row found is not what the other one rests on.
  for (const member of OF_A_ROW) delete trail[member];
  trail.fallback = { from: hop.id, to, because: refusal.code };
  const routed = (trail.routed = parts.steps.route({ ...input, namedHop: to }, live.matrix));
  return permit(routed, walk);
}

/** Asks policy once, and keeps what that cost, also where it was cut off: of a batch, the most. */
function decideOn(question: Asked, { live: { policy }, trail, parts }: Walk): Outcome {
  try {
    return parts.steps.decide(policy, question);
  } finally {
    trail.policyTicks = Math.max(trail.policyTicks ?? 0, policy.lastTicks);
  }
}

/** What policy says of each element of a batch; of one header or label, what it said last. */
function joined(one: Outcome, other: Outcome): Outcome {
  return {
    allow: other.allow,
    reasons: [...one.reasons, ...other.reasons],
    headers: { ...one.headers, ...other.headers },
    metadata: { ...one.metadata, ...other.metadata },
  };
}

// biome-ignore format: what one row found
const OF_A_ROW = [
  'peer', 'identity', 'subjectLabel', 'grant', 'wanted', 'asked', 'outcome', 'identifyTook', 'decideTook',
] as const;

/** Once the timer has answered, nothing may be used up any more: the client was told that it was denied (threats E03). */
function requireInTime({ isOverdue }: Trail): void {
  if (isOverdue === true) throw new Refusal('deadline_exceeded', 'the answer is given already');
}

/**
 * Denies with what the trail knows; lets pass where the row is only observed yet. Never throws: what cannot even be
 * denied properly gets the answer that was made at start.
 */
export function refuse(refusal: Refusal, trail: Trail): Buffer {
  trail.refusal = refusal;
  try {
    if (!isObserved(trail)) return encode(deny(denied(refusal, trail)));
    trail.observed = true;
    return encode(pass(trail.decisionId, refusal, trail));
  } catch {
    return LAST_RESORT;
  }
}

/** A row that is rolled out by watching: until its date it decides, records and lets pass (design §4). */
function isObserved({ routed, input, receivedAt, fallback }: Trail): boolean {
  const rollout = routed?.hop.rollout;
  // An enforced row does not become an observed one by a fault.
  return input !== undefined && fallback === undefined && rollout?.mode === 'observe' && receivedAt < rollout.until;
}

function liveSnapshot({ snapshot }: CheckParts, trail: Trail): Snapshot {
  const live = snapshot();
  if (live === undefined) throw new Refusal('not_ready', 'no configuration is live');
  trail.live = live;
  trail.epoch = live.epoch;
  trail.denialDetail = live.denialDetail;
  trail.matrixRevision = live.matrix.revision;
  trail.policyRevision = live.policy.revision;
  trail.entrypoint = live.policy.entrypoint;
  return live;
}

function begin(): Interval {
  return [performance.now(), undefined];
}

function end(interval: Interval): void {
  interval[1] = performance.now();
}

/** Field 1, length-delimited: the `status` of a CheckResponse. */
const STATUS_TAG = 0x0a;

/** The last look at what leaves, should even the encoder be broken: without a status it would be an ALLOW. */
function sealed(bytes: Buffer): Buffer {
  if (!Buffer.isBuffer(bytes) || bytes[0] !== STATUS_TAG) throw new TypeError('the answer is not encoded');
  return bytes;
}

/** Whatever was thrown, the caller is denied; only a Refusal may say why. */
function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  return new Refusal('internal_error', 'a step failed', { cause: error });
}
