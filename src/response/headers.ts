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

const CERTIFICATE = 'x-forwarded-client-cert';

/**
 * The headers of the request that must not reach the upstream, in every spelling (threats E08): what only we may say; the
 * JWT-SVID of the caller, which proves to us who it is and would let the upstream pass for it (threats S16); and a
 * client certificate that the caller itself vouches for (threats S01).
 * @param kept names that we set: Envoy removes after it sets
 * @param caller the SPIFFE ID of the caller, where it is known
 */
export function withheld(
  headers: Readonly<Record<string, string>>,
  kept: ReadonlySet<string | undefined>,
  caller: string | undefined,
): string[] {
  return Object.keys(headers).filter((name) => {
    if (!name.startsWith('x')) return false;
    const spelled = name.replaceAll('_', '-');
    if (spelled === 'x-spiffe-jwt-svid') return true;
    if (spelled === CERTIFICATE) return name !== CERTIFICATE || isWrittenBy(caller, headers[name]);
    return spelled.startsWith('x-behalf-') && !kept.has(name);
  });
}

/**
 * With `from: certificate` a caller may be a proxy that forwards what it knows of its own client (identity/xfcc-conflict.ts),
 * or say that it is one. Nobody was found to trust it, so the upstream is not shown it, also where Envoy has appended what
 * is true: an upstream may read the first element. Quoted or not, a SPIFFE ID holds neither comma nor semicolon, so that
 * no element of the caller's is missed.
 */
function isWrittenBy(caller: string | undefined, certificate = ''): boolean {
  return certificate
    .split(/[,;]/)
    .some((pair) => /^by=/i.test(pair) && pair.slice('by='.length).replaceAll('"', '') === caller);
}
