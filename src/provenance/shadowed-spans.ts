import type { Shadowed } from '../policy/shadow.ts';
import { bounded } from './bounded.ts';
import type { Span } from './span.ts';

/**
 * The spans of a Check with what its shadow policy said, as an event of the first. It stands at the span's end: the shadow
 * is asked once the answer is out, and no part of the Check waited for it.
 */
export function shadowedSpans([check, ...steps]: readonly Span[], shadowed: Shadowed): readonly Span[] {
  if (check === undefined) return steps;
  const { result, revision, code } = shadowed;
  const attributes = {
    'behalf.shadow.result': result,
    'behalf.shadow.revision': bounded(revision),
    'behalf.shadow.reason': code,
  };
  return [{ ...check, event: { name: 'behalf.shadow', time: check.end, attributes } }, ...steps];
}
