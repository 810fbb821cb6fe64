import type { Interval, Trail } from './trail.ts';

/** When the Check was over, by the monotonic clock. */
export function answeredAt(trail: Trail): number {
  return trail.answered ?? performance.now();
}

/** When a step was over. One that refused has no end of its own: the answer followed at once. */
export function endOf(step: Interval, trail: Trail): number {
  return step[1] ?? answeredAt(trail);
}
