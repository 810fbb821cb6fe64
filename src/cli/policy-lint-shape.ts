/** What is known of a value before anything is evaluated: enough to tell which builtins may meet a type that they lack. */
import type { JsonSchema } from '../config/json-schema.ts';

/** The types that a value can have, by OPA's names, and those of what is in it. */
export interface Shape {
  /** Undefined where it can have any. */
  readonly types: readonly string[] | undefined;
  /** True where the policy's author wrote it: a literal, or `data`. */
  readonly own: boolean;
  readonly members?: Readonly<Record<string, Shape>>;
  /** Every other member, or each element. */
  readonly rest?: Shape;
}

/** Of whatever type its sender chose. */
export const ANY: Shape = { types: undefined, own: false };
/** Written by the policy's author, who is trusted to know its type. */
export const OWN: Shape = { types: [], own: true };

/** What is at a key of a value, or anywhere in it where the key is not known. */
export function memberOf(shape: Shape, key: string | undefined): Shape {
  if (shape.types === undefined) return ANY;
  const { members = {}, rest } = shape;
  if (key !== undefined && Object.hasOwn(members, key)) return members[key] ?? OWN;
  if (key !== undefined) return rest ?? { ...OWN, own: shape.own };
  return eitherOf([...Object.values(members), ...(rest === undefined ? [] : [rest])]) ?? { ...OWN, own: shape.own };
}

/** A value that is one of these; undefined for none. */
export function eitherOf(shapes: readonly Shape[]): Shape | undefined {
  return shapes.length === 0 ? undefined : shapes.reduce(either);
}

function either(one: Shape, other: Shape): Shape {
  if (one.types === undefined || other.types === undefined) return ANY;
  const members: Record<string, Shape> = {};
  for (const key of new Set([...Object.keys(one.members ?? {}), ...Object.keys(other.members ?? {})])) {
    const found = [one, other].flatMap((side) => side.members?.[key] ?? []);
    members[key] = eitherOf(found) ?? ANY;
  }
  const rest = eitherOf([one.rest, other.rest].filter((each) => each !== undefined));
  const types = [...new Set([...one.types, ...other.types])];
  return { types, own: one.own && other.own, members, ...(rest !== undefined && { rest }) };
}

/** What remains of a value once one of these types is proven. */
export function narrowedTo(shape: Shape, types: readonly string[]): Shape {
  if (shape.types === undefined) return { types, own: shape.own, rest: ANY };
  return { ...shape, types: shape.types.filter((type) => types.includes(type)) };
}

/** The shape that a JSON Schema describes. */
export function shapeOfSchema(schema: JsonSchema): Shape {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return eitherOf(alternatives.map(shapeOfSchema)) ?? ANY;
  const types = typesOf(schema);
  if (types === undefined) return ANY;
  const members = Object.entries(schema.properties ?? {}).map(([key, part]) => [key, shapeOfSchema(part)] as const);
  const { additionalProperties: more, items } = schema;
  const rest = types.includes('array') ? items : typeof more === 'object' ? more : undefined;
  const restShape = rest === undefined ? undefined : shapeOfSchema(rest);
  return {
    types,
    own: false,
    members: Object.fromEntries(members),
    ...(restShape !== undefined && { rest: restShape }),
  };
}

function typesOf({ type, const: fixed, enum: values }: JsonSchema): readonly string[] | undefined {
  if (type !== undefined) return [type === 'integer' ? 'number' : type];
  if (fixed !== undefined) return [typeName(fixed)];
  return values === undefined ? undefined : [...new Set(values.map(typeName))];
}

/** OPA's name for the type of a JSON value. */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
