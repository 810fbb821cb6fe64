/** What a verb reads and writes: stdout is data, stderr is messages (design §12). Text has no colour, ever. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The options that every verb has. */
export interface CommonOptions {
  /** behalf.yaml. */
  readonly config: string;
  /** `KEY=VALUE` texts. */
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** 0 ok, 1 unknown error, 2 bad arguments or config, 3 compile or load failed, 4 checks failed. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** One JSON value, on one line. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}
