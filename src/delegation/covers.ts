import type { RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { requestContext } from './context.ts';
import type { Grant } from './grant.ts';

/**
 * Says why a grant does not cover this request: another action, target or context, or its time is over. A region is a
 * region: context values are compared byte for byte (threats A06, A11).
 * @param now milliseconds since the epoch
 * @returns undefined where it covers the request
 * @throws Refusal `body_*` where the row reads the body and it is not whole and unambiguous
 */
export function shortfall(grant: Grant, routed: RoutedHop, input: CheckInput, now: number): Refusal | undefined {
  const { credential, delegation } = routed.hop;
  if (!grant.actions.includes(delegation.action)) return new Refusal('grant_scope', 'the grant is for other actions');
  if (grant.target !== credential.audience) return new Refusal('grant_scope', 'the grant is for another target');
  for (const [key, source] of Object.entries(delegation.context)) {
    const granted = Object.hasOwn(grant.context, key) ? grant.context[key] : undefined;
    if (granted === undefined || granted !== requestContext(source, input, routed)) {
      return new Refusal('grant_scope', `the grant is for another ${key}`);
    }
  }
  // What the grant narrows and the row does not read cannot be enforced, so it covers nothing here.
  for (const key of Object.keys(grant.context)) {
    if (!Object.hasOwn(delegation.context, key)) return new Refusal('grant_scope', `the row does not read ${key}`);
  }
  if (now / 1000 >= grant.expiresAt) return new Refusal('grant_expired', 'the time of the grant is over');
  return undefined;
}
