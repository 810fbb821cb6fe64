import { destination, type Logger, pino, stdTimeFunctions } from 'pino';

/** The program's own log: JSON lines on stderr. Decision records are not log lines; they have their own stream. */
export type { Logger };

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export interface LogOptions {
  readonly level?: (typeof LOG_LEVELS)[number];
  /** Where the lines go; stderr unless a test says otherwise. */
  readonly sink?: { write(line: string): void };
}

/**
 * Makes the log. Lines are written at once, so that the last one before an exit is never lost.
 * Callers pass fields first and a constant message second; never a token, a key or a claim value.
 */
export function createLog(options: LogOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.sink ?? destination({ dest: 2, sync: true }),
  );
}
