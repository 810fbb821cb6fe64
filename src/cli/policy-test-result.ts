/** What became of one test: a `test_*` rule, or one cell of a matrix suite. */
export interface TestResult {
  readonly kind: 'rego' | 'cell';
  /** `PACKAGE.RULE` or `SUITE/TEST/AGENT/PERSON/ACTION/GRANT`; what `--filter` is matched with. */
  readonly id: string;
  /** As the author would type it. */
  readonly file: string;
  readonly row: number;
  readonly column: number;
  /**
   * `disagreed`: OPA's interpreter and our runtime come to different ends. `unrunnable`: our runtime cannot run it, so
   * that it proves nothing about production. `skipped`: its author named it `todo_`.
   */
  readonly status: 'passed' | 'failed' | 'disagreed' | 'unrunnable' | 'skipped';
  /** Why, a line each; none where it passed. */
  readonly lines: readonly string[];
}

/** One line of Rego and whether it was evaluated. */
export interface FileCoverage {
  readonly file: string;
  readonly covered: number;
  /** Ranges of lines, first and last. */
  readonly uncovered: readonly (readonly [first: number, last: number])[];
}

/** Which lines of Rego were evaluated, as OPA's interpreter sees it: the runtime cannot tell. */
export interface Coverage {
  /** Of a hundred; 100 where there is no line. */
  readonly percent: number;
  readonly covered: number;
  readonly lines: number;
  readonly files: readonly FileCoverage[];
}

/** One run of all tests of a folder. */
export interface TestRun {
  readonly results: readonly TestResult[];
  /** Where it was asked for, and no test failed. */
  readonly coverage: Coverage | undefined;
  readonly milliseconds: number;
}
