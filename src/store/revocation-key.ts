import { joinKey } from './join-key.ts';
import type { RevocationTarget } from './store.ts';

/**
 * What a revocation is of, as a key that is unique within its kind. A single text is its own key. All cutoffs of one
 * issuer share a key, because the latest covers what the others do; no issuer is named by the empty text.
 */
export function revocationKey(target: RevocationTarget): string {
  switch (target.kind) {
    case 'token':
    case 'grant':
      return target.id;
    case 'subject':
      return joinKey(target.issuer, target.id);
    case 'agent':
      return target.name;
    case 'key':
      return joinKey(target.issuer, target.kid);
    case 'issuer':
      return target.issuer;
    case 'before':
      return target.issuer ?? '';
    default:
      return target satisfies never;
  }
}
