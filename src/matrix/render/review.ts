import type { Finding } from '../lint/finding.ts';

/** A line of what is said about a row. `code`: text of the matrix itself. `tone`: good or bad news. */
export interface Line {
  readonly text: string;
  readonly code?: boolean;
  readonly tone?: 'good' | 'bad';
}

/** One thing that is said about a row. */
export interface Fact {
  readonly label: string;
  readonly lines: readonly Line[];
}

export interface ReviewException {
  readonly hop: string;
  readonly rule: string;
  readonly owner: string;
  readonly reason: string;
  readonly expires: string;
  readonly isOver: boolean;
}

/** One row, said for people. */
export interface ReviewRow {
  readonly id: string;
  readonly description: string;
  readonly protocol: string;
  readonly boundary: string;
  readonly isObserved: boolean;
  /** For the overview. */
  readonly agents: string;
  readonly credential: string;
  readonly revocation: string;
  readonly facts: readonly Fact[];
  readonly exceptions: readonly ReviewException[];
  readonly findings: readonly Finding[];
}

/** A matrix as a reviewer reads it; Markdown and HTML say the same. */
export interface Review {
  readonly title: string;
  readonly revision: string;
  readonly trustDomain: string;
  readonly federates: readonly string[];
  readonly routing: string;
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly counts: {
    readonly rows: number;
    readonly boundaries: number;
    readonly agents: number;
    readonly exceptions: number;
    readonly errors: number;
    readonly warnings: number;
  };
  readonly rows: readonly ReviewRow[];
  readonly agents: readonly {
    readonly name: string;
    readonly spiffeId: string;
    readonly clients: string;
    readonly rows: number;
  }[];
  readonly authorities: readonly {
    readonly name: string;
    readonly kind: string;
    readonly issuer: string;
    readonly owner: string;
    readonly grants: string;
  }[];
  readonly exceptions: readonly ReviewException[];
  /** Those about no row. */
  readonly findings: readonly Finding[];
}
