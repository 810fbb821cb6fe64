import { BundleError } from './bundle-error.ts';
import { compareRevisions } from './bundle-revision.ts';

/** A bundle as history knows it. */
export interface Known {
  readonly revision: string;
  /** What was signed, as `verifySignature` gives it; of an unsigned bundle, nothing. */
  readonly signed: string | undefined;
  /** SHA-256 of the bundle as it came. */
  readonly digest: string;
}

/** The bundle that was taken last, and the signed ones that it and its forerunners replaced, oldest first. */
export interface BundleHistory {
  readonly latest: Known | undefined;
  readonly superseded: readonly string[];
}

/** 64 bytes each. What was replaced longer ago than this is no longer known, where revisions have no order. */
const MAX_SUPERSEDED = 1000;

/**
 * Refuses to go back to what was replaced (threats P11): a signature says who made a bundle, and stays right for ever.
 * Revisions decide where they have an order; where they have none, a signed bundle must not be one that was replaced.
 * @param allowed `policy.allowDowngrade`: the one revision that may be gone back to
 * @returns whether this is a way back, which was allowed
 * @throws BundleError `bundle_downgrade`
 */
export function requireForward(
  next: Known,
  { latest, superseded }: BundleHistory,
  allowed: string | undefined,
): boolean {
  if (latest === undefined || isSame(next, latest)) return false;
  const order = compareRevisions(next.revision, latest.revision);
  const isBack =
    order === undefined || order === 0 ? next.signed !== undefined && superseded.includes(next.signed) : order < 0;
  if (!isBack) return false;
  if (next.revision === allowed) return true;
  throw new BundleError(
    'bundle_downgrade',
    `its revision ${next.revision} was replaced by ${latest.revision}, the last that was taken. Publish it again under a newer revision; or, to go back on purpose, set policy.allowDowngrade to ${next.revision}.`,
  );
}

/** The history with one more bundle taken. */
export function historyWith(next: Known, { latest, superseded }: BundleHistory): BundleHistory {
  if (latest === undefined || isSame(next, latest)) return { latest: next, superseded };
  const replaced =
    latest.signed === undefined ? superseded : [...superseded.filter((each) => each !== latest.signed), latest.signed];
  return { latest: next, superseded: replaced.filter((each) => each !== next.signed).slice(-MAX_SUPERSEDED) };
}

function isSame(one: Known, other: Known): boolean {
  return one.signed === undefined ? one.digest === other.digest : one.signed === other.signed;
}
