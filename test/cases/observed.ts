import type { DecisionRecord } from './case-world.ts';

/** What became of one request, seen from everywhere that can see something. */
export interface Observed {
  /** True where the request went on to the upstream. */
  readonly reached: boolean;
  /** The HTTP status that the client got; undefined for a connection. */
  readonly status: number | undefined;
  /** The headers that the client got. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The headers that reached the upstream; undefined where none did. */
  readonly upstream: Readonly<Record<string, string>> | undefined;
  /** What Envoy has for its access log. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly records: readonly DecisionRecord[];
}
