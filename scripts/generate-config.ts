/**
 * Makes schema/*.schema.json, and the tables of docs/configuration.md and docs/matrix.md, from the zod schemas; the prose
 * around the tables is written by hand. `--check` compares instead, and exits with 4 where one is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemaText } from '../src/cli/config-schema.ts';
import { type JsonSchema, jsonSchema } from '../src/config/json-schema.ts';
import { settableKeys } from '../src/config/overrides.ts';
import { configSchema, LATER_CONFIG_KEYS } from '../src/config/schema.ts';
import { LATER_MATRIX_KEYS, matrixSchema } from '../src/matrix/schema.ts';
import { suiteSchema } from '../src/policy-suite/suite-schema.ts';
import { casesSchema } from '../test/cases/case-schema.ts';

const ROOT = new URL('../', import.meta.url);
const isCheck = process.argv.includes('--check');

interface Row {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

/** Every key of a schema, parents first, as `issuers[].jwks.uri` or `hops.NAME.match.hosts`. */
function rowsOf(schema: JsonSchema, prefix = ''): readonly Row[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, below]) => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    return [{ key, schema: below, isRequired: schema.required?.includes(name) ?? false }, ...rowsOf(below, key)];
  });
  const named =
    typeof schema.additionalProperties === 'object' ? rowsOf(schema.additionalProperties, `${prefix}.NAME`) : [];
  const listed = schema.items === undefined ? [] : rowsOf(schema.items, `${prefix}[]`);
  const alternatives = (schema.oneOf ?? schema.anyOf ?? []).map((each) => rowsOf(each, prefix));
  return [...own, ...named, ...listed, ...merge(alternatives)];
}

/** Alternatives as one: their constants become a list of words, and only what all of them demand is required. */
function merge(alternatives: readonly (readonly Row[])[]): readonly Row[] {
  const keys = [...new Set(alternatives.flat().map(({ key }) => key))];
  return keys.map((key) => {
    const found = alternatives.flat().filter((row) => row.key === key);
    const constants = found.flatMap(({ schema }) => schema.enum ?? (schema.const === undefined ? [] : [schema.const]));
    const schema = { ...found[0]?.schema, ...(constants.length > 0 && { enum: constants }) };
    return { key, schema, isRequired: found.length === alternatives.length && found.every((row) => row.isRequired) };
  });
}

function tableOf(schema: JsonSchema): string {
  const variables = new Map(settableKeys().map(({ name, variable }) => [name, variable]));
  const isConfig = schema['title'] === 'behalf.yaml';
  const head = isConfig
    ? ['Key', 'Value', 'Default', 'Environment', 'Meaning']
    : ['Key', 'Value', 'Default', 'Meaning'];
  const lines = rowsOf(schema).map((row) => {
    const meaning = cell(row.schema.description ?? '');
    const variable = variables.get(row.key);
    const environment = isConfig ? [variable === undefined ? '' : `\`${variable}\``] : [];
    return [`\`${row.key}\``, valueOf(row.schema), defaultOf(row), ...environment, meaning];
  });
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function valueOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return wordsOf(schema.enum);
  if (schema.const !== undefined) return wordsOf([schema.const]);
  if (schema.anyOf !== undefined) return schema.anyOf.map(valueOf).join(', ');
  if (schema.items !== undefined) return schema.items.type === 'object' ? 'list' : `list of ${valueOf(schema.items)}`;
  const names: Record<string, string> = {
    object: 'map',
    string: 'text',
    integer: 'number',
    boolean: '`true`, `false`',
  };
  return names[schema.type ?? 'object'] ?? '';
}

function wordsOf(values: readonly unknown[]): string {
  return values.map((value) => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``).join(', ');
}

function defaultOf({ schema, isRequired }: Row): string {
  if (isRequired) return '*required*';
  if (schema.default === undefined || JSON.stringify(schema.default) === '{}') return '';
  return `\`${typeof schema.default === 'string' ? schema.default : JSON.stringify(schema.default)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** The page as it is, with what stands between its markers made anew. */
function page(name: string, schema: JsonSchema, later: readonly string[]): string {
  const parts = { keys: `\n${tableOf(schema)}\n\n`, later: `${later.map((key) => `\`${key}\``).join(', ')}\n` };
  let text = contentOf(fileURLToPath(new URL(name, ROOT))) ?? '';
  for (const [part, made] of Object.entries(parts)) {
    const marked = new RegExp(`(<!-- generated: ${part} -->\\n).*?(<!-- end -->)`, 's');
    if (!marked.test(text)) throw new Error(`${name} has no place for "${part}"`);
    text = text.replace(marked, (_, begin: string, end: string) => `${begin}${made}${end}`);
  }
  return text;
}

const FILES: Readonly<Record<string, () => string>> = {
  'schema/behalf.schema.json': () => schemaText('config'),
  'schema/matrix.schema.json': () => schemaText('matrix'),
  // For whoever edits test/cases.
  'schema/cases.schema.json': () => `${JSON.stringify(jsonSchema(casesSchema), null, 2)}\n`,
  // For `*_suite.yaml`, which `behalf policy test` runs.
  'schema/policy-suite.schema.json': () => `${JSON.stringify(jsonSchema(suiteSchema), null, 2)}\n`,
  'docs/configuration.md': () => page('docs/configuration.md', jsonSchema(configSchema), LATER_CONFIG_KEYS),
  'docs/matrix.md': () => page('docs/matrix.md', jsonSchema(matrixSchema), LATER_MATRIX_KEYS),
};

for (const [name, make] of Object.entries(FILES)) {
  const path = fileURLToPath(new URL(name, ROOT));
  const text = make();
  if (!isCheck) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (contentOf(path) !== text) {
    console.error(`${name} is stale: run \`npm run generate\` and commit it`);
    process.exitCode = 4;
  }
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
