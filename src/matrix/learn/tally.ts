import { generalised } from './generalised.ts';
import type { Observation } from './observation.ts';

/** Requests of one kind that no row was for. */
export interface Unmatched {
  readonly method: string;
  readonly host: string;
  readonly template: string;
  count: number;
  readonly reasons: Set<string>;
  /** SPIFFE IDs, or what Envoy called the callers; not proven where no row was found. */
  readonly callers: Set<string>;
}

/** What became of the requests of one row. */
export interface RowUse {
  used: number;
  denied: number;
  /** Let pass although refused, by reason. */
  readonly observed: Map<string, number>;
  readonly agents: Set<string>;
}

/** What was seen in all records. */
export interface Tally {
  records: number;
  first: string;
  last: string;
  /** Connections that no row was for: records do not say where they went. */
  connections: number;
  /** Requests of further kinds, once there are too many kinds to draft. */
  beyond: number;
  readonly unmatched: Map<string, Unmatched>;
  readonly rows: Map<string, RowUse>;
  readonly grants: Set<string>;
}

// Whoever is refused can choose any path: what is kept must not grow with their patience (threats Z: memory).
const MOST_KINDS = 1000;
const MOST_CALLERS = 50;
const MOST_ROWS = 10_000;

/** Counts observations; the same traffic makes the same tally in any order. */
export function createTally(): Tally & { add(observation: Observation): void } {
  return {
    records: 0,
    first: '',
    last: '',
    connections: 0,
    beyond: 0,
    unmatched: new Map(),
    rows: new Map(),
    grants: new Set(),
    add(observation) {
      const { time, hop, grant, reason, method } = observation;
      this.records += 1;
      if (this.first === '' || time < this.first) this.first = time;
      if (time > this.last) this.last = time;
      if (grant !== undefined) this.grants.add(grant);
      if (hop !== undefined) addToRow(this, hop, observation);
      else if (method === '' && reason === 'hop_unknown') this.connections += 1;
      else if (reason === 'hop_unknown' || reason === 'hop_mismatch') addUnmatched(this, observation);
    },
  };
}

function addToRow({ rows }: Tally, hop: string, { outcome, reason, agent }: Observation): void {
  const use = rows.get(hop) ?? { used: 0, denied: 0, observed: new Map<string, number>(), agents: new Set<string>() };
  if (rows.size < MOST_ROWS) rows.set(hop, use);
  if (outcome === 'deny') {
    use.denied += 1;
    return;
  }
  use.used += 1;
  if (agent !== undefined && use.agents.size < MOST_CALLERS) use.agents.add(agent);
  if (outcome === 'observe') use.observed.set(reason, (use.observed.get(reason) ?? 0) + 1);
}

function addUnmatched(tally: Tally, { method, host, path, reason, caller }: Observation): void {
  const template = generalised(path);
  const key = JSON.stringify([host, template, method]);
  const known = tally.unmatched.get(key);
  if (known === undefined && tally.unmatched.size >= MOST_KINDS) {
    tally.beyond += 1;
    return;
  }
  const kind = known ?? { method, host, template, count: 0, reasons: new Set<string>(), callers: new Set<string>() };
  if (known === undefined) tally.unmatched.set(key, kind);
  kind.count += 1;
  kind.reasons.add(reason);
  if (kind.callers.size < MOST_CALLERS) kind.callers.add(caller);
}
