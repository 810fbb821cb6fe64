/** The cases of test/cases, in process and over gRPC. test/envoy/cases.e2e.test.ts sends them through real Envoy. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { lintEnvoy } from '../src/envoy/lint.ts';
import { RENDER_DEFAULTS } from '../src/envoy/options.ts';
import { renderEnvoy } from '../src/envoy/render.ts';
import { loadMatrix } from '../src/matrix/compile.ts';
import { casesSchema } from './cases/case-schema.ts';
import { type CaseWorld, startCaseWorld } from './cases/case-world.ts';
import { driveAtPort, driveInProcess } from './cases/drive-direct.ts';
import { loadCases } from './cases/load-cases.ts';
import { runCase } from './cases/run-case.ts';
import { connect, type RawClient } from './fakes/check-world.ts';

const themes = loadCases();

describe('a case', () => {
  let world: CaseWorld;
  let client: RawClient;

  beforeAll(async () => {
    world = await startCaseWorld();
    client = connect(world.address);
  });
  afterAll(async () => {
    client?.close();
    await world?.stop();
  });

  it('is described by the schema, which refuses a key that no case has', () => {
    const schema = JSON.parse(readFileSync(new URL('../schema/cases.schema.json', import.meta.url), 'utf8')) as object;
    const accepts = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);
    const file = parse(readFileSync(new URL('cases/tokens.yaml', import.meta.url), 'utf8')) as { cases: object[] };
    expect(accepts(file)).toBe(true);
    expect(accepts({ cases: [{ ...file.cases[0], unknown: 1 }] })).toBe(false);
    expect(casesSchema.safeParse({ cases: [{ ...file.cases[0], unknown: 1 }] }).success).toBe(false);
  });

  it.each(['matrix', 'matrix.match'])('is judged by %s.yaml, which is rendered into what envoy lint passes', (name) => {
    const matrix = loadMatrix(fileURLToPath(new URL(`cases/${name}.yaml`, import.meta.url)));
    expect(lintEnvoy(renderEnvoy(matrix, RENDER_DEFAULTS).config, { matrix })).toEqual([]);
  });

  it('has a name of its own', () => {
    const names = themes.flatMap(({ cases }) => cases.map(({ name }) => name));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.length).toBeGreaterThan(100);
  });

  describe.each(themes)('of $name, in process and at the port:', ({ cases }) => {
    it.each(cases.filter(({ only }) => only === undefined || 'port' in only))('$name', async (one) => {
      await runCase(one, world, (request) => driveInProcess(request, one.setup, world));
      await runCase(one, world, (request) => driveAtPort(request, one.setup, world, client));
    });
  });
});
