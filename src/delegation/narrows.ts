import type { Budget } from './grant.ts';

/** How far a grant reaches. A `StoredGrant` is one. */
export interface Extent {
  readonly subject: { readonly issuer: string; readonly id: string };
  readonly actions: readonly string[];
  readonly target: string;
  readonly context: Readonly<Record<string, string>>;
  readonly budget: Budget | undefined;
  readonly expiresAt: number;
}

/**
 * Says in which way a child allows more than its parent. A grant that is handed on only narrows (threats A07): fewer
 * actions, the same target, at least the parent's context, a budget within the parent's, no longer life, for the same
 * subject. Who acts may differ: that is what handing on means.
 * @returns undefined where the child narrows; else the rest of a sentence that begins with "the child"
 */
export function widening(child: Extent, parent: Extent): string | undefined {
  if (child.subject.issuer !== parent.subject.issuer || child.subject.id !== parent.subject.id) {
    return 'is for another subject than its parent';
  }
  if (!child.actions.every((action) => parent.actions.includes(action))) {
    return 'has an action that its parent does not have';
  }
  if (child.target !== parent.target) return 'is for another target than its parent';
  for (const [key, value] of Object.entries(parent.context)) {
    if (!Object.hasOwn(child.context, key)) return 'leaves out a context key of its parent';
    if (child.context[key] !== value) return 'has another context value than its parent';
  }
  // Written so that NaN widens.
  if (!(child.expiresAt <= parent.expiresAt)) return 'lives longer than its parent';
  return budgetWidening(child.budget, parent.budget);
}

/** An absent limit is no limit, so a child may leave out only what its parent leaves out. */
function budgetWidening(child: Budget | undefined, parent: Budget | undefined): string | undefined {
  if (parent?.calls !== undefined && !(child?.calls !== undefined && child.calls <= parent.calls)) {
    return 'may be used more often than its parent';
  }
  if (parent?.amount === undefined) return undefined;
  const amount = child?.amount;
  if (amount === undefined) return 'leaves out the amount that its parent is limited to';
  if (amount.currency !== parent.amount.currency) return 'counts in another currency than its parent';
  if (amount.field !== parent.amount.field) return 'counts another field than its parent';
  return amount.limit <= parent.amount.limit ? undefined : 'may spend more than its parent';
}
