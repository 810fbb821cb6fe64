import type { Random } from '../../fuzz/random.ts';

/** Makes operands: most of the right type, and some of a wrong one. */
export type Make = (random: Random) => unknown;

const WORDS = [
  '',
  'a',
  'b',
  'ab',
  'abc',
  'foo',
  'bar',
  'é',
  'ß',
  '日本',
  '😀',
  'A',
  ' ',
  '\t',
  '"',
  '\\',
  '<',
  '&',
  '%',
  '/',
  '.',
  '-',
  '_',
  '$',
  '0',
  '1',
  '42',
  '\n',
  '\u0000',
  '\u007f',
  '\u00a0',
  '\u200b',
];
const WRONG: readonly unknown[] = [null, true, 0, 1.5, 'text', [], ['a'], {}, { a: 1 }];

export const text: Make = (random) => Array.from({ length: random.below(5) }, () => random.pick(WORDS)).join('');
export const integer: Make = (random) =>
  random.pick([0, 1, -1, 2, 3, 5, 7, 10, -3, 100, 255, 1000, -1000, 65536, 2 ** 31, -(2 ** 31), 2 ** 53 - 1]);
export const number: Make = (random) =>
  random.chance(0.5)
    ? integer(random)
    : random.pick([0.5, 1.5, -2.5, 0.1, 3.25, 1e-7, 123456.789, 1e21, 2.5e-9, 1e6 + 0.5, -0.25, 100.0]);
export const boolean: Make = (random) => random.chance(0.5);

/** Any JSON. */
export function json(depth = 2): Make {
  return (random) => {
    if (depth > 0 && random.chance(0.3)) return list(json(depth - 1))(random);
    if (depth > 0 && random.chance(0.4)) return object(json(depth - 1))(random);
    return random.pick<Make>([text, number, boolean, () => null])(random);
  };
}

export function list(of: Make, most = 4): Make {
  return (random) => Array.from({ length: random.below(most + 1) }, () => of(random));
}

export function object(of: Make, keys: readonly string[] = ['a', 'b', 'c', 'é', '0', '']): Make {
  return (random) => Object.fromEntries(Array.from({ length: random.below(4) }, () => [random.pick(keys), of(random)]));
}

export function among(...values: readonly unknown[]): Make {
  return (random) => random.pick(values);
}

export function either(...makes: readonly Make[]): Make {
  return (random) => random.pick(makes)(random);
}

/** Pieces in a row: what is nearly right. */
export function pieces(from: readonly string[], most: number): Make {
  return (random) => Array.from({ length: random.below(most + 1) }, () => random.pick(from)).join('');
}

/** Operands of these kinds, one call in eight with one of a wrong type. */
export function operands(...makes: readonly Make[]): (random: Random) => readonly unknown[] {
  return (random) => {
    const made = makes.map((make) => make(random));
    if (random.chance(0.125) && made.length > 0) made[random.below(made.length)] = random.pick(WRONG);
    return made;
  };
}
