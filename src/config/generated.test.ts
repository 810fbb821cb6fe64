/** The files that are made from the schemas: up to date, and right about the files they describe. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadMatrix } from '../matrix/compile.ts';
import { loadConfig } from './load.ts';
import { settableKeys } from './overrides.ts';

const root = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string) => readFileSync(root(path), 'utf8');

/** The first YAML block of a page, as a file. */
function exampleOf(page: string): string {
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(read(page)) ?? [];
  const path = join(mkdtempSync(join(tmpdir(), 'behalf-docs-')), 'example.yaml');
  writeFileSync(path, text);
  return path;
}

function accepts(schema: string, value: unknown): boolean {
  return new Ajv({ strict: true }).validate(JSON.parse(read(schema)) as object, value);
}

describe('generated files', () => {
  it('are those that the schemas make now (npm run generate)', () => {
    const { status, stderr } = spawnSync(process.execPath, [root('scripts/generate-config.ts'), '--check']);
    expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
  });
});

describe('the examples of the pages', () => {
  it('are a config and a matrix that load', () => {
    const config = loadConfig({
      path: exampleOf('docs/configuration.md'),
      env: { BEHALF_PSEUDONYM_KEY: 'k'.repeat(32) },
    });
    expect(config.warnings).toEqual([]);
    const matrix = loadMatrix(exampleOf('docs/matrix.md'), {
      issuers: config.config.issuers.map(({ issuer }) => issuer),
    });
    expect(matrix.hops.size).toBe(1);
  });
});

describe('the JSON Schemas', () => {
  it.each([
    ['schema/behalf.schema.json', 'demo/behalf.yaml', 'issuers'],
    ['schema/matrix.schema.json', 'demo/matrix.yaml', 'hops'],
  ])('%s takes %s, and neither an unknown key nor a wrong type', (schema, file, key) => {
    const value = parse(read(file)) as Record<string, unknown>;
    expect(accepts(schema, value)).toBe(true);
    expect(accepts(schema, { ...value, unknown: 1 })).toBe(false);
    expect(accepts(schema, { ...value, [key]: 'x' })).toBe(false);
  });
});

describe('environment variables', () => {
  it('are named after their keys, one each', () => {
    const variables = settableKeys().map(({ variable }) => variable);
    expect(variables).toContain('BEHALF_LISTEN__CHECK');
    expect(variables).toContain('BEHALF_PROVENANCE__PSEUDONYM_KEY');
    expect(variables).toContain('BEHALF_LIMITS__MESSAGE_BYTES');
    expect(new Set(variables).size).toBe(variables.length);
  });
});
