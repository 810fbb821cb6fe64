/** What a decision record says that a matrix can be learnt from. All of it is text that a caller could choose. */
export interface Observation {
  readonly outcome: string;
  readonly reason: string;
  /** The row that the request was for; undefined where there was none. */
  readonly hop: string | undefined;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** The SPIFFE ID of the peer, or what Envoy called it. */
  readonly caller: string;
  readonly agent: string | undefined;
  readonly grant: string | undefined;
  /** RFC 3339. */
  readonly time: string;
}
