import type { Hop, Matrix } from '../matrix/hop.ts';
import type { Revocation, RevocationTarget, Store } from '../store/store.ts';

/** What a revocation does to one row. `lives` says what goes on and until when at the latest; empty where nothing does. */
interface RowReport {
  readonly hop: string;
  readonly refusedWithin: string;
  readonly lives: readonly string[];
}

export interface RevocationReport {
  readonly revocation: Revocation;
  /** Grants that are dead now, descendants included. */
  readonly grants: readonly string[];
  readonly rows: readonly RowReport[];
}

/** Design §1.8: every new Check on this machine refuses it within this time; the writing process at once. */
const WITHIN = '1 s';

/**
 * Says what a revocation does, row by row, and what it cannot reach: an open stream, a token that a vendor honours
 * without asking us (design §1.8). Promises nothing that we do not hold.
 */
export function revocationReport(
  revocation: Revocation,
  { matrix, store, issuer }: { readonly matrix: Matrix; readonly store: Store; readonly issuer?: string | undefined },
): RevocationReport {
  const { target } = revocation;
  const touches = (hop: Hop): boolean => {
    const isOfIssuer = issuer === undefined || issuersOf(hop, matrix).includes(issuer);
    return isOfIssuer && isTouched(hop, target, { store, issuers: issuersOf(hop, matrix) });
  };
  return {
    revocation,
    grants: [...store.grants()]
      .filter(({ id }) => store.isGrantRevoked(id) && isBecauseOf(id, target, store))
      .map(({ id }) => id),
    rows: [...matrix.hops.values()]
      .filter(touches)
      .map((hop) => ({ hop: hop.id, refusedWithin: WITHIN, lives: livesOn(hop) })),
  };
}

function isBecauseOf(id: string, target: RevocationTarget, store: Store): boolean {
  if (target.kind === 'grant') return store.lineage(id)?.some((each) => each.id === target.id) ?? false;
  return target.kind === 'before';
}

/** Who vouches for the callers of a row: the issuer of its tokens, or the trust domains where the peer itself is the subject. */
export function issuersOf({ credential }: Hop, { trustDomains }: Matrix): readonly string[] {
  return credential.type === 'mtls-only'
    ? [...trustDomains].map((domain) => `spiffe://${domain}`)
    : [credential.issuer];
}

interface Where {
  readonly store: Store;
  readonly issuers: readonly string[];
}

function isTouched(hop: Hop, target: RevocationTarget, { store, issuers }: Where): boolean {
  switch (target.kind) {
    case 'grant': {
      const grant = store.grant(target.id);
      const { grant: source, action } = hop.delegation;
      return source !== 'token' && grant?.target === hop.credential.audience && grant.actions.includes(action);
    }
    case 'agent':
      return hop.agents.some(({ name }) => name === target.name);
    case 'subject':
    case 'key':
    case 'issuer':
      return issuers.includes(target.issuer);
    case 'before':
      // A connection is proven anew by each Check: nothing of it was issued before.
      return hop.credential.type !== 'mtls-only' && (target.issuer === undefined || issuers.includes(target.issuer));
    case 'token':
      return hop.credential.type !== 'mtls-only';
    default:
      return target satisfies never;
  }
}

function livesOn({ stream, protocol, credential }: Hop): readonly string[] {
  const lives: string[] = [];
  if (stream !== undefined)
    lives.push(`streams that are open, for up to ${stream.maxDuration} s: Envoy does not ask again`);
  else if (protocol === 'tcp')
    lives.push('connections that are open, until either side closes them: Envoy does not ask again');
  if (credential.type === 'federated-token') {
    lives.push(`what the platform made of the token, for up to ${credential.maxLifetime} s: it does not ask us`);
  }
  return lives;
}

/** The report for people. */
export function reportText({ revocation, grants, rows }: RevocationReport): string {
  const { target, by, reason } = revocation;
  return [
    `Revoked ${describe(target)}, by ${by}: ${reason}`,
    ...(grants.length === 0 ? [] : [`  Dead with it: ${grants.join(', ')}`]),
    ...rows.map(({ hop, refusedWithin }) => `  ${hop}: new requests are refused within ${refusedWithin}`),
    ...rows.flatMap(({ hop, lives }) => lives.map((what) => `  ${hop}: LIVES ON: ${what}`)),
    ...(rows.length === 0 ? ['  No row of the matrix accepts it: nothing changes until one does.'] : []),
    '',
  ].join('\n');
}

function describe(target: RevocationTarget): string {
  switch (target.kind) {
    case 'before': {
      const whose = target.issuer === undefined ? '' : ` by ${target.issuer}`;
      return `everything issued at or before ${new Date(target.time).toISOString()}${whose}`;
    }
    case 'agent':
      return `agent ${target.name}`;
    case 'issuer':
      return `issuer ${target.issuer}`;
    case 'key':
      return `key ${target.kid} of ${target.issuer}`;
    case 'subject':
      return `subject ${target.id} of ${target.issuer}`;
    default:
      return `${target.kind} ${target.id}`;
  }
}
