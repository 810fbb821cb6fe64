import { z } from 'zod';

/** A JSON Schema (draft-07), as far as this program reads its own. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly description?: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** The JSON Schema of what an operator writes: defaulted keys are optional, durations are text. */
export function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { target: 'draft-07', io: 'input' }) as JsonSchema;
}

/** The keys that may stand in the map at `keys`. */
export function keysAt(schema: JsonSchema, keys: readonly PropertyKey[]): readonly string[] {
  let level: readonly JsonSchema[] = [schema];
  for (const key of keys) level = level.flatMap(alternatives).flatMap((each) => stepInto(each, key));
  return level.flatMap(alternatives).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return schema.oneOf ?? schema.anyOf ?? [schema];
}

function stepInto({ properties, additionalProperties, items }: JsonSchema, key: PropertyKey): readonly JsonSchema[] {
  const any = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  const next = typeof key === 'number' ? items : (properties?.[String(key)] ?? any);
  return next === undefined ? [] : [next];
}
