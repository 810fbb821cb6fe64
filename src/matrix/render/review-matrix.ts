import { dayText } from '../day-text.ts';
import { durationText } from '../duration-text.ts';
import type { Hop, Matrix } from '../hop.ts';
import type { Finding } from '../lint/finding.ts';
import type { MatrixSource } from '../read-matrix.ts';
import { factsOf } from './facts.ts';
import type { Review, ReviewException, ReviewRow } from './review.ts';

export interface ReviewOptions {
  readonly title: string;
  /** Milliseconds since the epoch: what is over, and the date of the page. */
  readonly now: number;
  readonly isDurable: boolean;
  /** What lint found. */
  readonly findings: readonly Finding[];
}

/** Says a matrix for people who must answer for it. */
export function reviewMatrix({ file }: MatrixSource, matrix: Matrix, options: ReviewOptions): Review {
  const { title, now, findings } = options;
  const hops = [...matrix.hops.values()];
  const exceptions = file.exceptions.map((each) => ({
    ...each,
    expires: dayText(each.expires),
    isOver: each.expires <= now,
  }));
  const { revision, trustDomain, routing } = matrix;
  const count = (severity: Finding['severity']): number => findings.filter((each) => each.severity === severity).length;
  return {
    title,
    revision,
    trustDomain,
    federates: file.federates,
    routing,
    date: new Date(now).toISOString().slice(0, 10),
    counts: {
      rows: hops.length,
      boundaries: new Set(hops.map(({ boundary }) => boundary)).size,
      agents: matrix.agents.length,
      exceptions: exceptions.length,
      errors: count('error'),
      warnings: count('warning'),
    },
    rows: hops.map((hop) => reviewRow(hop, exceptions, options)),
    ...people(file, hops),
    exceptions,
    findings: findings.filter(({ hop }) => hop === undefined),
  };
}

function reviewRow(
  hop: Hop,
  exceptions: readonly ReviewException[],
  { now, isDurable, findings }: ReviewOptions,
): ReviewRow {
  const { id, description, protocol, boundary, rollout, agents, credential, revocation } = hop;
  const scopes = credential.scopes.length === 0 ? '' : `: ${credential.scopes.join(' ')}`;
  return {
    id,
    description,
    protocol,
    boundary,
    isObserved: rollout.mode === 'observe' && rollout.until > now,
    agents: agents.map(({ name }) => name).join(', '),
    credential: `${credential.type}${scopes}`,
    revocation: revocation === undefined ? 'none' : `within ${durationText(revocation.within)}`,
    facts: factsOf(hop, isDurable),
    exceptions: exceptions.filter((each) => each.hop === id),
    findings: findings.filter((each) => each.hop === id),
  };
}

function people(file: MatrixSource['file'], hops: readonly Hop[]): Pick<Review, 'agents' | 'authorities'> {
  return {
    agents: Object.entries(file.agents).map(([name, { spiffeId, clientIds }]) => ({
      name,
      spiffeId,
      clients: Object.entries(clientIds)
        .map(([authority, id]) => `${authority}: ${id}`)
        .join(', '),
      rows: hops.filter(({ agents }) => agents.some((agent) => agent.name === name)).length,
    })),
    authorities: Object.entries(file.authorities).map(([name, each]) => ({
      name,
      kind: each.kind,
      issuer: each.kind === 'spiffe' ? '' : each.issuer,
      owner: each.owner,
      grants: each.kind !== 'spiffe' && each.grants ? 'yes' : 'no',
    })),
  };
}
