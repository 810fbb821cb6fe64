import { jsonSchema } from '../config/json-schema.ts';
import { configSchema } from '../config/schema.ts';
import { matrixSchema } from '../matrix/schema.ts';

/** The files that have a schema. */
export const SCHEMAS = { config: configSchema, matrix: matrixSchema } as const;

/** The JSON Schema of behalf.yaml or matrix.yaml, as schema/ holds it. */
export function schemaText(which: keyof typeof SCHEMAS): string {
  return `${JSON.stringify(jsonSchema(SCHEMAS[which]), null, 2)}\n`;
}
