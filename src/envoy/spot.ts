import type { KeyPath } from '../config/strict-yaml.ts';
import type { RuleId } from './rules.ts';

/** A value somewhere in a configuration, and where. A spot without a value says where it would be. */
export interface Spot {
  readonly value: unknown;
  readonly keys: KeyPath;
}

/** Says that a rule is broken at a spot; `about` names what, for people. */
export type Say = (rule: RuleId, spot: Spot, about: string) => void;

/** Goes into a message field by field. Protobuf JSON has two spellings of a name, and Envoy reads both. */
export function at(spot: Spot, ...names: readonly (string | number)[]): Spot {
  return names.reduce<Spot>((here, name) => {
    const holder = isObject(here.value) ? here.value : {};
    const spelt = typeof name === 'string' && !Object.hasOwn(holder, name) && Object.hasOwn(holder, camel(name));
    const key = spelt ? camel(name) : name;
    const value = Object.hasOwn(holder, key) ? (holder as Record<string | number, unknown>)[key] : undefined;
    return { value: value ?? undefined, keys: [...here.keys, key] };
  }, spot);
}

/** The members of a list; none where it is no list. */
export function items(spot: Spot): readonly Spot[] {
  return Array.isArray(spot.value)
    ? spot.value.map((value: unknown, index) => ({ value, keys: [...spot.keys, index] }))
    : [];
}

/** The members of a map, by their own names. */
export function members(spot: Spot): readonly (readonly [string, Spot])[] {
  if (!isObject(spot.value) || Array.isArray(spot.value)) return [];
  return Object.entries(spot.value as Record<string, unknown>).map(([key, value]) => [
    key,
    { value, keys: [...spot.keys, key] },
  ]);
}

/** A field as text, such as a name; `other` where it is none. */
export function textAt(spot: Spot, name: string, other = ''): string {
  const { value } = at(spot, name);
  return typeof value === 'string' ? value : other;
}

/** True where something is written there. */
export function has(spot: Spot): boolean {
  return spot.value !== undefined && spot.value !== null;
}

/** True where the spot is a message of this type: `extensions.filters.http.ext_authz.v3.ExtAuthz`. */
export function isType(spot: Spot, message: string): boolean {
  return at(spot, '@type').value === `type.googleapis.com/envoy.${message}`;
}

/** Seconds of a duration, `0.2s` or `{seconds, nanos}`; undefined where there is none, NaN where it is malformed. */
export function seconds(spot: Spot): number | undefined {
  if (!has(spot)) return undefined;
  if (typeof spot.value === 'string')
    return /^[0-9.]+s$/.test(spot.value) ? Number(spot.value.slice(0, -1)) : Number.NaN;
  return Number(at(spot, 'seconds').value ?? 0) + Number(at(spot, 'nanos').value ?? 0) / 1e9;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
