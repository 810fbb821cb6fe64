import type { Call } from './case.ts';
import { HOSTILE } from './hostile.ts';
import { NATIVE } from './native.ts';
import { NETWORK } from './networks.ts';
import { REGEX } from './regex.ts';
import { TEXT } from './text.ts';
import { TIME } from './time.ts';
import { VALUES } from './values.ts';

/** One policy for each family of builtins. */
export const CORPUS: Readonly<Record<string, readonly Call[]>> = {
  text: TEXT,
  regex: REGEX,
  time: TIME,
  values: VALUES,
  networks: NETWORK,
  native: NATIVE,
  hostile: HOSTILE,
};
