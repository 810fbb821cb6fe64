/**
 * answer: everything that is known in, the bytes of one CheckResponse out. Wire types start again here. Refuses with
 * `claim_not_header_safe`. Envoy ext_authz v3, CheckResponse.
 */
import type { CheckResponse } from '../generated/envoy/service/auth/v3/CheckResponse.ts';

/** An answer that cannot be half said: the encoder takes nothing else. */
export type Answer =
  | { readonly kind: 'allow'; readonly message: CheckResponse }
  | { readonly kind: 'deny'; readonly message: CheckResponse };
