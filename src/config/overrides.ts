import { type JsonSchema, jsonSchema } from './json-schema.ts';
import { ConfigError, type Problem } from './problem.ts';
import { configSchema } from './schema.ts';
import { dotted, type KeyPath } from './strict-yaml.ts';
import { suggest } from './suggest.ts';

/** A value that did not come from the file. */
export interface Override {
  readonly keys: readonly string[];
  readonly value: string | number;
  /** `environment BEHALF_LISTEN__CHECK`, or `--set listen.check`. */
  readonly from: string;
}

/** A key that environment and flags can set: a single value, not within a list. */
export interface SettableKey {
  readonly name: string;
  readonly keys: readonly string[];
  readonly variable: string;
  readonly type: 'string' | 'integer';
}

/** All settable keys, from the schema. */
export function settableKeys(): readonly SettableKey[] {
  return leaves(jsonSchema(configSchema), []).map(({ keys, type }) => ({
    name: dotted(keys),
    keys,
    type,
    variable: `BEHALF_${keys.map((key) => key.replaceAll(/[A-Z]/g, '_$&').toUpperCase()).join('__')}`,
  }));
}

function leaves(schema: JsonSchema, keys: readonly string[]): readonly Pick<SettableKey, 'keys' | 'type'>[] {
  if (schema.type === 'string' || schema.type === 'integer') return [{ keys, type: schema.type }];
  // A key that is text or a map is set as text.
  const alternatives = schema.anyOf ?? [];
  if (alternatives.some(({ type }) => type === 'string')) return [{ keys, type: 'string' }];
  return Object.entries(schema.properties ?? {}).flatMap(([key, below]) => leaves(below, [...keys, key]));
}

/** A value from outside the file is text; what is no number is left for the schema to refuse. */
function typed(value: string, { type }: SettableKey): string | number {
  return type === 'integer' && /^[0-9]+$/.test(value) ? Number(value) : value;
}

/**
 * Collects what environment and flags set; later ones win. A variable with `__` that sets nothing is an error, as it can
 * only be a slip (threats Y06); one without is left alone, because platforms invent such names (`BEHALF_PORT`).
 * @param set `KEY=VALUE` texts
 * @throws ConfigError
 */
export function readOverrides(
  env: Readonly<Record<string, string | undefined>>,
  set: readonly string[],
): readonly Override[] {
  const settable = settableKeys();
  const results = [...fromEnvironment(env, settable), ...set.map((text) => fromFlag(text, settable))];
  const problems = results.filter((each) => 'where' in each);
  if (problems.length > 0) throw new ConfigError(problems);
  return results.filter((each) => 'keys' in each);
}

function* fromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  settable: readonly SettableKey[],
): Generator<Override | Problem> {
  for (const [variable, value] of Object.entries(env)) {
    const key = settable.find((each) => each.variable === variable);
    const from = `environment ${variable}`;
    if (key !== undefined && value !== undefined) yield { keys: key.keys, value: typed(value, key), from };
    if (key === undefined && variable.startsWith('BEHALF_') && variable.includes('__')) {
      const known = settable.map((each) => each.variable);
      yield { where: from, message: `sets no key of the config; ${hintFor(variable, known)}` };
    }
  }
}

function fromFlag(text: string, settable: readonly SettableKey[]): Override | Problem {
  const equals = text.indexOf('=');
  if (equals < 0) return { where: `--set ${text}`, message: 'has no value; write --set KEY=VALUE' };
  const name = text.slice(0, equals);
  const from = `--set ${name}`;
  const key = settable.find((each) => each.name === name);
  if (key !== undefined) return { keys: key.keys, value: typed(text.slice(equals + 1), key), from };
  const known = settable.map((each) => each.name);
  return { where: from, message: `sets no key of the config; ${hintFor(name, known)}` };
}

function hintFor(name: string, known: readonly string[]): string {
  const meant = suggest(name, known);
  return meant === undefined ? `those that can be set: ${known.join(', ')}` : `did you mean "${meant}"?`;
}

/** Puts overrides into a copy of what the file says. A value that is no map where one is needed is left for the schema. */
export function applyOverrides(value: unknown, overrides: readonly Override[]): unknown {
  const result = structuredClone(value);
  for (const { keys, value: replacement } of overrides) {
    let level = result;
    for (const key of keys.slice(0, -1)) {
      if (!isRecord(level)) break;
      level[key] ??= {};
      level = level[key];
    }
    if (isRecord(level)) level[keys.at(-1) ?? ''] = replacement;
  }
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The override that brought the value at `keys`, if one did. */
export function overrideAt(overrides: readonly Override[], keys: KeyPath): Override | undefined {
  return overrides.findLast((override) => dotted(override.keys) === dotted(keys));
}
