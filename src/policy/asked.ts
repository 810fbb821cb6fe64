import type { PolicyInput } from './input.ts';

/** What policy is asked: an input, and the very text of it that is evaluated, digested and shown to a shadow. */
export interface Asked {
  readonly input: PolicyInput;
  /** As JSON. */
  readonly text: string;
}

/** Writes an input down, once. The two are made together, so that no decision rests on the text of another input. */
export function asked(input: PolicyInput): Asked {
  return { input, text: JSON.stringify(input) };
}
