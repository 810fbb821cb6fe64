import type { Random } from '../fuzz/random.ts';

/** Where the type of a value is its sender's: anything may be there. */
const UNTYPED = [/^\/subject\/claims\//, /^\/request\/body\/json/, /^\/mcp\/arguments\//, /^\/grant\/context\//];
const NULLABLE = /^\/(?:actor|grant|mcp|mcp\/tool|mcp\/arguments)$/;
const ANYTHING: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  10001,
  '',
  'x',
  '5000',
  '💥',
  [],
  ['a'],
  {},
  { a: 1 },
];
/** How often a place is changed. */
const RATE = 0.05;

/** What other inputs have, by type and by place: a value that a rule asks for is seldom made by chance. */
export interface Vocabulary {
  readonly at: ReadonlyMap<string, readonly unknown[]>;
  readonly texts: readonly string[];
  readonly numbers: readonly number[];
}

/** An input like `seed`, with some of its values changed: of the right type where the type is proven before policy runs. */
export function mutateInput(seed: unknown, vocabulary: Vocabulary, random: Random): unknown {
  const change = (value: unknown, path: string): unknown => {
    if (path === '/version') return value;
    if (random.chance(RATE)) return another(value, path, vocabulary, random);
    if (Array.isArray(value)) return listOf(value, random).map((each, at) => change(each, `${path}/${at}`));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).filter(() => !isUntyped(path) || !random.chance(RATE));
    return Object.fromEntries(entries.map(([key, held]) => [key, change(held, `${path}/${key}`)]));
  };
  return change(seed, '');
}

function isUntyped(path: string): boolean {
  return UNTYPED.some((pattern) => pattern.test(path)) || path === '/subject/claims';
}

function listOf(values: readonly unknown[], random: Random): readonly unknown[] {
  if (values.length === 0 || random.chance(1 - RATE)) return values;
  return random.chance(0.5) ? values.slice(1) : [...values, random.pick(values)];
}

function another(value: unknown, path: string, vocabulary: Vocabulary, random: Random): unknown {
  const known = vocabulary.at.get(path) ?? [value];
  if (random.chance(0.6)) return random.pick(known);
  if (isUntyped(path) && random.chance(0.5)) return random.pick(ANYTHING);
  if (NULLABLE.test(path) && random.chance(0.5)) return null;
  if (typeof value === 'string') return random.pick(vocabulary.texts);
  if (typeof value === 'number') return nearly(value, vocabulary, random);
  return value;
}

/** At a limit, and on both sides of it. */
function nearly(value: number, { numbers }: Vocabulary, random: Random): number {
  const near = random.chance(0.5) ? value : random.pick(numbers);
  return near + random.pick([0, 0, 1, -1, 3600, -3600, 86_400, 0.5, 7 * 86_400]);
}
