import type { z } from 'zod';
import { inWords } from './fields.ts';
import { jsonSchema, keysAt } from './json-schema.ts';
import type { Problem } from './problem.ts';
import { dotted, type KeyPath } from './strict-yaml.ts';
import { suggest } from './suggest.ts';

type Issue = z.core.$ZodIssue;

export interface ShapeOptions {
  /** Where a value, or its key, was written. */
  readonly where: (keys: KeyPath, at?: 'key' | 'value') => string;
  /** Keys that the design has and this version does not, as `a.*.b`. */
  readonly later: readonly string[];
}

/**
 * Checks a value against a strict schema.
 * @returns the parsed value, or every problem, in words and with its place
 */
export function checkShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  options: ShapeOptions,
): { readonly data: z.output<Schema> } | { readonly problems: readonly Problem[] } {
  const result = schema.safeParse(value);
  if (result.success) return { data: result.data };
  return { problems: result.error.issues.flatMap((issue) => explain(issue, { schema, value, ...options })) };
}

interface Context extends ShapeOptions {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

function explain(issue: Issue, context: Context): readonly Problem[] {
  const { where, value } = context;
  const name = dotted(issue.path);
  if (issue.code === 'invalid_union') {
    const inner = meantAlternative(issue);
    if (inner !== undefined)
      return inner.flatMap((each) => explain({ ...each, path: [...issue.path, ...each.path] }, context));
  }
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...issue.path, key], context));
  if (issue.code === 'invalid_key') {
    return [{ where: where(issue.path, 'key'), message: `${name}: ${issue.issues[0]?.message ?? 'not a valid name'}` }];
  }
  if (issue.code !== 'custom' && valueAt(value, issue.path) === undefined) {
    return [{ where: where(issue.path.slice(0, -1), 'key'), message: `the key "${name}" is missing` }];
  }
  return [{ where: where(issue.path), message: `${name}: ${messageOf(issue, value)}` }];
}

/** The faults of the one alternative whose kind of value was written: the others were not meant. */
function meantAlternative({ errors }: z.core.$ZodIssueInvalidUnion): readonly Issue[] | undefined {
  const meant = errors.filter(
    (issues) => !issues.some(({ path, code }) => path.length === 0 && /^invalid_(?:type|value)$/.test(code)),
  );
  return meant.length === 1 ? meant[0] : undefined;
}

function messageOf(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options)) {
    return `use ${inWords(issue.options.map(String))}`;
  }
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message;
  return `must be ${TYPES[issue.expected] ?? issue.expected}, not ${typeInWords(valueAt(value, issue.path))}`;
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  boolean: 'true or false',
  number: 'a number',
};

function typeInWords(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return TYPES[typeof value] ?? typeof value;
}

function unknownKey(keys: KeyPath, { schema, where, later }: Context): Problem {
  const key = String(keys.at(-1));
  const place = where(keys, 'key');
  if (later.some((pattern) => covers(pattern.split('.'), keys))) {
    return { where: place, message: `the key "${dotted(keys)}" is not in this version; remove it` };
  }
  const known = keysAt(jsonSchema(schema), keys.slice(0, -1));
  const meant = suggest(key, known);
  const hint = meant === undefined ? `known here: ${known.join(', ')}` : `did you mean "${meant}"?`;
  return { where: place, message: `unknown key "${dotted(keys)}"; ${hint}` };
}

function covers(pattern: readonly string[], keys: KeyPath): boolean {
  return pattern.length === keys.length && pattern.every((part, index) => part === '*' || part === String(keys[index]));
}

function valueAt(value: unknown, keys: KeyPath): unknown {
  let found = value;
  for (const key of keys) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
}
