const FIRST_MS = 500;

/**
 * How long to wait after so many failures in a row: twice as long each time, up to the longest, and spread over its upper
 * half, so that a fleet does not come back as one (threats P09).
 * @param random from 0 to 1
 */
export function retryMs(failures: number, longestMs: number, random: number): number {
  return Math.min(longestMs, FIRST_MS * 2 ** Math.min(failures, 20)) * (0.5 + random / 2);
}
