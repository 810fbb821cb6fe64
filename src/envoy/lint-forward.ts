import { at, has, items, type Say, type Spot, textAt } from './spot.ts';

/** Fields by which the client chooses the upstream, or the host that it is told. */
const BY_CLIENT = [
  'cluster_header',
  'cluster_specifier_plugin',
  'inline_cluster_specifier_plugin',
  'host_rewrite_header',
] as const;

/** Fields that give the upstream another path or host than the one that was decided on. */
const REWRITES = ['prefix_rewrite', 'regex_rewrite', 'path_rewrite_policy', 'path_rewrite', 'host_rewrite_path_regex'];

/** Where a route forwards to is written in it, and what is forwarded is what was decided on (threats E20). */
export function lintForward(action: Spot, { say, about }: { readonly say: Say; readonly about: string }): void {
  const weighted = items(at(action, 'weighted_clusters', 'clusters'));
  const mirrors = items(at(action, 'request_mirror_policies'));
  const chosen = [...BY_CLIENT.map((name) => at(action, name)), ...[...weighted, ...mirrors].map(byHeader)];
  for (const field of chosen.filter(has)) say('upstream-by-client', field, about);
  // A format string of its own: only one without a command says the same for every request.
  const host = at(action, 'host_rewrite');
  if (textAt(action, 'host_rewrite').includes('%')) say('upstream-by-client', host, about);
  for (const field of REWRITES.map((name) => at(action, name)).filter(isWritten)) {
    say('rewritten-later', field, about);
  }
}

function byHeader(cluster: Spot): Spot {
  return at(cluster, 'cluster_header');
}

function isWritten(field: Spot): boolean {
  return has(field) && field.value !== '';
}
