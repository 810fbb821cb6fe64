/** A day of the proleptic Gregorian calendar. */
export interface Civil {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
}

const DAY_MS = 86_400_000;

/** Days since 1970, and back. */
export const civil = {
  /** The month and the day may be outside their range: they carry over, as in Go. */
  days({ year, month, day }: Civil): number {
    const date = new Date(0);
    // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
    date.setUTCFullYear(year, month - 1, 1);
    return date.getTime() / DAY_MS + day - 1;
  },

  of(days: number): Civil {
    const date = new Date(days * DAY_MS);
    return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
  },

  /** How many days the month has. */
  length(year: number, month: number): number {
    return civil.days({ year, month: month + 1, day: 1 }) - civil.days({ year, month, day: 1 });
  },
} as const;
