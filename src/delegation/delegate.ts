import type { Actor, Identity } from '../identity/identity.ts';
import type { RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { Spending, Store } from '../store/store.ts';
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
  const found = covering(identity, identity.actor, routed, input, parts);
  return approved(found, identity, routed, input, parts);
}

/** The first grant that covers the request and lives; else the refusal of the one that came nearest to it. */
function covering(
  identity: Identity,
  actor: Actor,
  routed: RoutedHop,
  input: CheckInput,
  { store, now }: DelegateParts,
): Candidate {
  let nearest: Refusal | undefined;
  for (const candidate of candidates(identity, actor, routed.hop, store)) {
    const { grant, stored, alsoIn } = candidate;
    const refusal =
      shortfall(grant, routed, input, now) ??
      (alsoIn && shortfall(alsoIn, routed, input, now)) ??
      (stored && deadReason(stored, useOf(routed, input), store, now));
    if (refusal === undefined) return candidate;
    if (nearest === undefined || nearest.code === 'grant_scope') nearest = refusal;
  }
  throw nearest ?? new Refusal('grant_missing', 'the subject gave this agent no grant that the row accepts');
}

/** Looks for the approval of exactly this request; where the row always demands one, there is no going on without it. */
function approved(
  { grant, stored }: Candidate,
  identity: Identity,
  routed: RoutedHop,
  input: CheckInput,
  { store, now }: DelegateParts,
): Delegated {
  const { approval: rule, recheck } = routed.hop.delegation;
  const charge =
    stored &&
    (chargeOf(stored, useOf(routed, input), store) ?? (recheck ? { id: stored.id, calls: 0, amount: 0 } : undefined));
  if (rule === undefined || stored === undefined) {
    return { grant, spending: used(identity, { grant: charge }), wanted: undefined };
  }
  const wanted = { grant: grant.id, hop: routed.hop.id, digest: approvalDigest(routed, rule.body, input) };
  const found = store.approvalFor(wanted.grant, wanted.hop, wanted.digest, now);
  if (found === undefined) {
    if (rule.when === 'always') throw approvalRequired(wanted);
    return { grant, spending: used(identity, { grant: charge }), wanted };
  }
  const { id, approver, at } = found;
  return {
    grant: { ...grant, approval: { id, approver, at: at / 1000 } },
    // Charged even without a budget: the store proves once more that the grant lives before the approval is used up.
    spending: used(identity, { grant: charge ?? { id: stored.id, calls: 0, amount: 0 }, approval: id }),
    wanted,
  };
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
