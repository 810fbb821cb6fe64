/** The kinds of field that behalf.yaml and matrix.yaml share, each with its own message. */
import { z } from 'zod';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const DURATION = /^[1-9][0-9]{0,8}[smhd]$/;

/** A duration such as `30s`, `5m`, `1h`, `7d`; seconds once read. */
export function duration() {
  const error = 'must be a duration such as 30s, 5m, 1h or 7d';
  return z
    .string({ error: unlessMissing(error) })
    .regex(DURATION, { error })
    .transform(toSeconds);
}

function toSeconds(text: string): number {
  return Number(text.slice(0, -1)) * UNITS[text.slice(-1) as keyof typeof UNITS];
}

/** One word of a closed list. `later` names the words that the design has and this version does not. */
export function choice<const Words extends readonly [string, ...string[]]>(
  words: Words,
  later: readonly string[] = [],
) {
  return z.enum(words, {
    error: ({ input }) => {
      if (input === undefined) return undefined;
      const shown = typeof input === 'string' ? `"${input.slice(0, 60)}"` : 'this';
      const known = typeof input === 'string' && later.includes(input);
      return `${shown} is ${known ? 'not in this version' : 'not accepted'}; use ${inWords(words)}`;
    },
  });
}

/** `a`, `a or b`, `a, b or c`. */
export function inWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** A list without repetition, of at least one item unless `min` says otherwise. */
export function listOf<Item extends z.ZodType<string, string>>(item: Item, min = 1) {
  return z
    .array(item, { error: unlessMissing('must be a list, such as [a, b]') })
    .min(min, { error: 'must name at least one' })
    .superRefine((items, context) => {
      for (const [index, value] of items.entries()) {
        if (items.indexOf(value) < index) {
          context.addIssue({ code: 'custom', path: [index], message: `"${value}" is there twice` });
        }
      }
    })
    .meta({ uniqueItems: true });
}

/** Text of a given form. `error` completes "KEY …". */
export function text(pattern: RegExp, error: string) {
  return z.string({ error: unlessMissing(error) }).regex(pattern, { error });
}

/** A whole number within bounds. */
export function count(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .int({ error: unlessMissing(error) })
    .min(min, { error })
    .max(max, { error });
}

/** Text that passes a test. `error` completes "KEY …". */
export function checked(test: (value: string) => boolean, error: string) {
  return z.string({ error: unlessMissing(error) }).refine(test, { error });
}

/** Text that is not blank. */
export function words() {
  return text(/\S/, 'must be text');
}

/** Leaves a missing key to the message for missing keys. */
function unlessMissing(message: string): (issue: { readonly input?: unknown }) => string | undefined {
  return ({ input }) => (input === undefined ? undefined : message);
}
