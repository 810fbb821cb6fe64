import { userInfo } from 'node:os';
import type { Matrix } from '../matrix/hop.ts';
import type { RevocationTarget } from '../store/store.ts';
import { StartError } from './failure.ts';
import { withStore } from './open-cli-store.ts';
import { issuersOf, reportText, revocationReport } from './revocation-report.ts';
import { type CommonOptions, type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface RevokeOptions extends CommonOptions {
  readonly reason: string;
  /** Whose token, key or subject it is. */
  readonly issuer?: string | undefined;
}

/**
 * Revokes, and reports what that reaches and what lives on until when. Acknowledged means durable; there is no way back.
 * @throws StartError where the matrix knows nothing that the target could mean
 */
export function revoke(target: RevocationTarget, options: RevokeOptions, terminal: Terminal): Promise<ExitCode> {
  return withStore(options, terminal, async ({ matrix, store }): Promise<ExitCode> => {
    requireKnown(target, options.issuer, matrix);
    const revocation = await store.revoke(target, { by: userInfo().username, reason: options.reason });
    const report = revocationReport(revocation, { matrix, store, issuer: options.issuer });
    terminal.out(options.json === true ? jsonLine({ ok: true, ...report }) : reportText(report));
    return 0;
  });
}

/** A misspelt name would revoke nothing and look as if it had. */
function requireKnown(target: RevocationTarget, named: string | undefined, matrix: Matrix): void {
  if (target.kind === 'agent' && !matrix.agents.some(({ name }) => name === target.name)) {
    throw new StartError(`agent ${target.name}: the matrix has ${matrix.agents.map(({ name }) => name).join(', ')}`);
  }
  const issuer = target.kind === 'issuer' ? target.issuer : named;
  const issuers = new Set([...matrix.hops.values()].flatMap((hop) => issuersOf(hop, matrix)));
  if (issuer !== undefined && !issuers.has(issuer)) {
    throw new StartError(`issuer ${issuer}: the rows of the matrix have ${[...issuers].join(', ')}`);
  }
}
