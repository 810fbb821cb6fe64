import type { Actor, Identity } from '../identity/identity.ts';
import type { RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { Spending, Store, StoredApproval } from '../store/store.ts';
import { approvalDigest } from './approval-digest.ts';
import { type Candidate, candidates } from './candidates.ts';
import { chargeOf } from './charge.ts';
import { shortfall } from './covers.ts';
import type { Delegated, WantedApproval } from './grant.ts';
import { deadReason, type Use } from './liveness.ts';

/** What delegate needs beside the request. `now` is in milliseconds since the epoch. */
export interface DelegateParts {
  readonly store: Store;
  readonly now: number;
}

/**
 * Finds the live grant under which the actor may do this, for this row, on this target, in this context. Delegation,
 * never impersonation: an actor always needs a grant, and a row that demands one refuses a token without an actor
 * (RFC 8693 §1.1; threats A03, A06).
 * @returns no grant where the subject acts for itself and the row lets it
 * @throws Refusal `actor_missing`, `delegation_forbidden`, `grant_*`, `approval_required`, `body_*`
 */
export function delegate(identity: Identity, routed: RoutedHop, input: CheckInput, parts: DelegateParts): Delegated {
  const { mode } = routed.hop.delegation;
  if (identity.actor === undefined) {
    if (mode === 'required') throw new Refusal('actor_missing', 'the token has no act');
    return { grant: undefined, spending: used(identity, {}), wanted: undefined };
  }
  if (mode === 'forbidden') throw new Refusal('delegation_forbidden', 'the token has act');
  const found = covering(identity, identity.actor, { routed, input, ...parts });
  return spendingOf(found, identity, { routed, input, ...parts });
}

interface Request extends DelegateParts {
  readonly routed: RoutedHop;
  readonly input: CheckInput;
}

/** A grant that covers the request and lives, and the approval of it where the row knows approvals. */
interface Covering extends Candidate {
  readonly wanted: WantedApproval | undefined;
  readonly approval: StoredApproval | undefined;
}

/**
 * Of the grants that cover the request and live, the newest; where the row knows approvals, the newest that has one. Else
 * the refusal of the one that came nearest.
 */
function covering(identity: Identity, actor: Actor, request: Request): Covering {
  const { routed, store } = request;
  let [first, nearest]: [Covering | undefined, Refusal | undefined] = [undefined, undefined];
  for (const candidate of candidates(identity, actor, routed.hop, store)) {
    const refusal = shortfallOf(candidate, request);
    if (refusal === undefined) {
      const found = withApproval(candidate, request);
      if (found.wanted === undefined || found.approval !== undefined) return found;
      first ??= found;
    } else if (nearest === undefined || nearest.code === 'grant_scope') nearest = refusal;
  }
  if (first !== undefined) return first;
  throw nearest ?? new Refusal('grant_missing', 'the subject gave this agent no grant that the row accepts');
}

/** What cannot be judged does not cover: one grant whose budget cannot count this request must not hide another that can. */
function shortfallOf({ grant, stored, alsoIn }: Candidate, request: Request): Refusal | undefined {
  const { routed, input, store, now } = request;
  try {
    return (
      shortfall(grant, routed, input, now) ??
      (alsoIn && shortfall(alsoIn, routed, input, now)) ??
      (stored === undefined ? assertedRevoked(grant.id, store) : deadReason(stored, useOf(routed, input), store, now))
    );
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** A grant that only a token asserts can be revoked by its id, too. */
function assertedRevoked(id: string, store: Store): Refusal | undefined {
  return store.isGrantRevoked(id) ? new Refusal('grant_revoked', 'the grant is revoked by its id') : undefined;
}

function withApproval(candidate: Candidate, { routed, input, store, now }: Request): Covering {
  const { hop } = routed;
  const rule = hop.delegation.approval;
  if (rule === undefined || candidate.stored === undefined)
    return { ...candidate, wanted: undefined, approval: undefined };
  const wanted = { grant: candidate.grant.id, hop: hop.id, digest: approvalDigest(routed, rule.body, input) };
  return { ...candidate, wanted, approval: store.approvalFor(wanted.grant, wanted.hop, wanted.digest, now) };
}

/** What the answer will use up. Where the row always demands an approval, there is no going on without it. */
function spendingOf({ grant, stored, wanted, approval }: Covering, identity: Identity, request: Request): Delegated {
  const { routed, input, store } = request;
  const { approval: rule, recheck } = routed.hop.delegation;
  if (wanted !== undefined && approval === undefined && rule?.when === 'always') throw approvalRequired(wanted);
  const charge = stored && chargeOf(stored, useOf(routed, input), store);
  // Charged even without a budget: the store proves once more that the grant lives, before the approval is used up.
  const proves =
    stored !== undefined && (recheck || approval !== undefined) ? { id: stored.id, calls: 0, amount: 0 } : undefined;
  const spending = used(identity, { grant: charge ?? proves, ...(approval && { approval: approval.id }) });
  if (approval === undefined) return { grant, spending, wanted };
  const { id, approver, at } = approval;
  return { grant: { ...grant, approval: { id, approver, at: at / 1000 } }, spending, wanted };
}

/** The elements of an MCP batch are so many actions: a budget of calls counts each. */
function useOf({ mcp }: RoutedHop, input: CheckInput): Use {
  return { input, actions: Math.max(1, mcp?.length ?? 1) };
}

function approvalRequired({ grant, hop, digest }: WantedApproval): Refusal {
  return new Refusal('approval_required', 'the row demands an approval, and there is none for this request', {
    remediation: `A person must approve this request: grant ${grant}, row ${hop}, digest ${digest}.`,
  });
}

function used({ once }: Identity, rest: Omit<Spending, 'once'>): Spending | undefined {
  const isNothing = once.length === 0 && rest.grant === undefined && rest.approval === undefined;
  return isNothing ? undefined : { once: once.map(({ key, until }) => ({ key, until })), ...rest };
}
