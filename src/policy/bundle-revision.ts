/**
 * Which of two revisions is the later one, where that can be told at all: whole numbers, versions (semver, `v` in front
 * or not), or times (RFC 3339, with anything behind, such as `2026-03-01T12:00:00Z-9c1f`), both of one kind. A commit's hash
 * has no order.
 * @returns below zero where the first is older, above where it is newer, zero where they are equal; undefined where
 *   nobody can say
 */
export function compareRevisions(one: string, other: string): number | undefined {
  if (one === other) return 0;
  for (const orderOf of [wholeNumber, time, version]) {
    const [first, second] = [orderOf(one), orderOf(other)];
    if (first === undefined || second === undefined) continue;
    const order = compareParts(first, second);
    // Of one moment, or one version but for what does not count: two revisions that claim the same place.
    return order === 0 ? undefined : order;
  }
  return undefined;
}

/** To be compared part by part. */
type Order = readonly (bigint | number | string)[];

function wholeNumber(revision: string): Order | undefined {
  return /^\d+$/.test(revision) ? [BigInt(revision)] : undefined;
}

function time(revision: string): Order | undefined {
  const text = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)/.exec(revision)?.[0];
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? undefined : [at];
}

/** https://semver.org §11; build metadata has no order. */
function version(revision: string): Order | undefined {
  const core = /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(revision);
  if (core === null) return undefined;
  const [, major = '', minor = '', patch = '', candidate] = core;
  const identifiers = candidate?.split('.').map((part) => (/^\d+$/.test(part) ? BigInt(part) : part)) ?? [];
  // A release comes after its candidates; of two candidates that begin alike, the longer.
  return [BigInt(major), BigInt(minor), BigInt(patch), candidate === undefined ? 1 : 0, ...identifiers];
}

function compareParts(one: Order, other: Order): number {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const [first, second] = [one[at], other[at]];
    if (first === undefined || second === undefined) return first === undefined ? -1 : 1;
    // Semver: a number comes before a word.
    if (typeof first !== typeof second) return typeof first === 'string' ? 1 : -1;
    if (first !== second) return first < second ? -1 : 1;
  }
  return 0;
}
