/** What `cnf` (RFC 7800) binds a token to. A token may be bound to both. */
export interface Confirmation {
  /** `x5t#S256`: SHA-256 of the client certificate (RFC 8705 §3.1). */
  readonly certificate: string | undefined;
  /** `jkt`: the thumbprint of a DPoP key (RFC 9449 §6.1). */
  readonly dpopKey: string | undefined;
  /** False where there is a binding that we do not know, or none that can be read: such a token is never used. */
  readonly isUnderstood: boolean;
}

/** SHA-256, base64url. */
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;

const NOT_UNDERSTOOD: Confirmation = Object.freeze({ certificate: undefined, dpopKey: undefined, isUnderstood: false });

/** Reads the `cnf` claim. Never throws: sender.ts refuses what is not understood. */
export function readConfirmation(cnf: unknown): Confirmation | undefined {
  if (cnf === undefined) return undefined;
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return NOT_UNDERSTOOD;
  const { 'x5t#S256': certificate, jkt: dpopKey, ...others } = cnf as Record<string, unknown>;
  if (!isThumbprint(certificate) || !isThumbprint(dpopKey)) return NOT_UNDERSTOOD;
  const isBound = certificate !== undefined || dpopKey !== undefined;
  return { certificate, dpopKey, isUnderstood: isBound && Object.keys(others).length === 0 };
}

function isThumbprint(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && THUMBPRINT.test(value));
}
