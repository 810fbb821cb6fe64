import type { HeaderValueOption } from '../generated/envoy/config/core/v3/HeaderValueOption.ts';
import { Refusal } from '../refusals.ts';

/** HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD: the only one we use, so that nothing of a client's is left beside ours. */
const OVERWRITE = 2 as const;

/** Visible ASCII and inner spaces: what no hop folds, splits, trims or re-encodes (threats E23). */
const SAFE = /^[\x21-\x7e](?:[\x20-\x7e]{0,2046}[\x21-\x7e])?$/;

/**
 * One header that replaces whatever the client sent.
 * @throws Refusal `claim_not_header_safe`: never stripped or escaped in silence
 */
export function header(key: string, value: string): HeaderValueOption {
  if (typeof value !== 'string' || !SAFE.test(value)) {
    throw new Refusal('claim_not_header_safe', `the value of ${key} is not visible ASCII of at most 2048 characters`);
  }
  return { header: { key, value }, append_action: OVERWRITE };
}

/** True for every spelling of a header that is ours to set: `X-Behalf-Subject`, `x_behalf_subject` … (threats E08). */
export function isOurs(name: string): boolean {
  return name.startsWith('x') && name.replaceAll('_', '-').startsWith('x-behalf-');
}
