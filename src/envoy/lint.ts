import type { KeyPath } from '../config/strict-yaml.ts';
import type { Matrix } from '../matrix/hop.ts';
import { collect } from './collect.ts';
import { lintAdmin } from './lint-admin.ts';
import { lintCluster } from './lint-cluster.ts';
import { lintListener } from './lint-listener.ts';
import { lintRoutes } from './lint-routes.ts';
import { RULES, type Rule, type RuleId } from './rules.ts';
import type { Say } from './spot.ts';

/** One rule that is broken at one place. */
export interface Finding extends Rule {
  readonly rule: RuleId;
  /** What breaks it: a listener, a route, a row. */
  readonly about: string;
  readonly keys: KeyPath;
}

export interface LintOptions {
  /** With it, every row must have its route and every route its row. */
  readonly matrix?: Matrix | undefined;
  /** True where behalf.yaml says `peer.from: xfcc`: another proxy ends the mTLS, and names the client in a header. */
  readonly xfcc?: boolean;
}

/**
 * What of the facts that Behalf rests on an Envoy configuration breaks (design §2; threats E02–E28, S01, S09, W07).
 * @param config a parsed bootstrap, a route configuration, or the answer of /config_dump
 */
export function lintEnvoy(config: unknown, options: LintOptions = {}): readonly Finding[] {
  const findings: Finding[] = [];
  const say: Say = (rule, { keys }, about) => {
    findings.push({ rule, about, keys, ...RULES[rule] });
  };
  const found = collect({ value: config, keys: [] });
  for (const admin of found.admins) lintAdmin(admin, say);
  for (const listener of found.listeners) lintListener(listener, found, { ...options, say });
  for (const routes of found.bareRoutes) lintRoutes(routes, { ...options, say });
  for (const cluster of found.clusters) lintCluster(cluster, say);
  for (const source of found.elsewhere.listeners) say('routes-elsewhere', source, 'the listeners');
  for (const source of found.elsewhere.clusters) say('clusters-elsewhere', source, 'the clusters');
  if (found.listeners.length === 0 && found.bareRoutes.length === 0) {
    say('nothing-to-check', { value: config, keys: [] }, 'the file');
  }
  return findings;
}
