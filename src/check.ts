import { delegate } from './delegation/delegate.ts';
import { identify } from './identity/identify.ts';
import type { Identity } from './identity/identity.ts';
import { identifyPeer } from './identity/peer.ts';
import { route } from './matrix/route.ts';
import { decide } from './policy/decide.ts';
import { policyInput } from './policy/input.ts';
import type { Interval, Trail } from './provenance/trail.ts';
import { Refusal } from './refusals.ts';
import { read } from './request/read.ts';
import { speaksGrpc } from './request/speaks-grpc.ts';
import { allow } from './response/allow.ts';
import { deny } from './response/deny.ts';
import { encode } from './response/encode.ts';
import { LAST_RESORT } from './response/last-resort.ts';
import { receive } from './server/receive.ts';
import type { Snapshot } from './snapshot.ts';

/** The steps of one Check. Tests put broken ones in their place; nothing else does. */
export const STEPS = { receive, read, route, identifyPeer, identify, delegate, decide, allow, encode };

export interface CheckParts {
  /** The live snapshot; undefined until the first one is complete. Read once a Check. */
  readonly snapshot: () => Snapshot | undefined;
  /** The subject as logs may show it (design §9, pseudonymous by default). */
  readonly subjectLabel: (identity: Pick<Identity, 'subject'>) => string;
  readonly maxMessageBytes: number;
  readonly steps: typeof STEPS;
}

/**
 * One Check: the bytes of a CheckRequest in, the bytes of a CheckResponse out. Its lines are the steps of design §2, in
 * order; the first that throws ends it, and its only catch denies. Never rejects. What became known is on `trail`.
 */
export async function check(bytes: Uint8Array, trail: Trail, parts: CheckParts): Promise<Buffer> {
  const { steps } = parts;
  try {
    const live = liveSnapshot(parts, trail);
    const now = trail.receivedAt;
    const message = steps.receive(bytes, parts.maxMessageBytes);
    trail.isGrpc = speaksGrpc(message);
    const input = (trail.input = steps.read(message));
    const routed = (trail.routed = steps.route(input, live.matrix));
    trail.identifyTook = begin();
    const peer = (trail.peer = steps.identifyPeer(input.peer, live.matrix.trustDomains, now));
    const identity = (trail.identity = await steps.identify(input, routed.hop, { ...live, peer, now }));
    end(trail.identifyTook);
    const grant = (trail.grant = steps.delegate(identity, routed, input, now));
    trail.decideTook = begin();
    const outcome = (trail.outcome = steps.decide(live.policy, policyInput(input, routed, identity, grant, now)));
    end(trail.decideTook);
    const { decisionId } = trail;
    const subjectLabel = parts.subjectLabel(identity);
    const policyRevision = live.policy.revision;
    return sealed(
      steps.encode(steps.allow({ decisionId, input, routed, identity, grant, outcome, policyRevision, subjectLabel })),
    );
  } catch (error) {
    return refuse(asRefusal(error), trail, parts);
  }
}

/**
 * Denies with what the trail knows. Never throws: what cannot even be denied properly gets the answer that was made at
 * start.
 */
export function refuse(refusal: Refusal, trail: Trail, { subjectLabel }: CheckParts): Buffer {
  trail.refusal = refusal;
  try {
    const { identity, peer, routed } = trail;
    return encode(
      deny({
        decisionId: trail.decisionId,
        refusal,
        isGrpc: trail.isGrpc ?? false,
        detail: trail.denialDetail ?? 'class',
        hop: routed?.hop.id,
        scopes: routed?.hop.credential.scopes,
        agent: identity?.actor?.agent ?? peer?.id,
        subjectLabel: identity && subjectLabel(identity),
        grant: trail.grant?.id,
        policyRevision: trail.policyRevision,
      }),
    );
  } catch {
    return LAST_RESORT;
  }
}

function liveSnapshot({ snapshot }: CheckParts, trail: Trail): Snapshot {
  const live = snapshot();
  if (live === undefined) throw new Refusal('not_ready', 'no configuration is live');
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
