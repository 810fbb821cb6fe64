import type { Matrix } from '../hop.ts';
import type { MatrixSource } from '../read-matrix.ts';
import { lintCredentials } from './credentials.ts';
import { lintExceptions } from './exceptions.ts';
import { excuse } from './excuse.ts';
import { lintFallback } from './fallback.ts';
import type { Finding, LintFacts, World } from './finding.ts';
import { lintIdle } from './idle.ts';
import { lintLifetimes } from './lifetimes.ts';
import { lintOverlap } from './overlap.ts';
import { lintPeers } from './peers.ts';
import { lintRevocation } from './revocation.ts';
import { lintRollout } from './rollout.ts';
import { lintUnfinished } from './unfinished.ts';

const RULES = [
  lintCredentials,
  lintPeers,
  lintLifetimes,
  lintRevocation,
  lintFallback,
  lintRollout,
  lintOverlap,
  lintIdle,
  lintUnfinished,
  lintExceptions,
];

/**
 * Judges a matrix that is valid: what is shared, lives too long, cannot be revoked in time, is excepted, or does nothing.
 * @returns what was found, row by row in the order of the file, then what is about no row
 */
export function lintMatrix({ file, where }: MatrixSource, matrix: Matrix, facts: LintFacts): readonly Finding[] {
  const world: World = { file, matrix, facts };
  const drafts = excuse(
    RULES.flatMap((rule) => [...rule(world)]),
    world,
  );
  const rows = Object.keys(file.hops);
  const place = (hop: string | undefined): number => (hop === undefined ? rows.length : rows.indexOf(hop));
  return drafts
    .toSorted((a, b) => place(a.hop) - place(b.hop))
    .map(({ keys, ...finding }) => ({ ...finding, where: where(keys) }));
}
