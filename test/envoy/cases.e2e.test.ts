/**
 * The cases of test/cases through real Envoy, which runs on the config that is rendered from their matrix; and the proof
 * that every code of the closed table is reached there, or at the port alone for a reason.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ALLOWED, REFUSALS, type RefusalCode } from '../../src/refusals.ts';
import { type CaseWorld, startCaseWorld } from '../cases/case-world.ts';
import { driveEnvoy } from '../cases/drive-envoy.ts';
import { type EnvoyWorld, startEnvoyWorld } from '../cases/envoy-world.ts';
import { loadCases } from '../cases/load-cases.ts';
import { portAnswers } from '../cases/port-answers.ts';
import { prepare } from '../cases/prepare.ts';
import { runCase } from '../cases/run-case.ts';
import { encodeCheckRequest } from '../fakes/check-world.ts';
import { describeWithEnvoy } from './with-envoy.ts';

const themes = loadCases();
const reached = new Set<string>();
const atThePort = parse(readFileSync(new URL('../cases/at-the-port.yaml', import.meta.url), 'utf8')) as Record<
  RefusalCode,
  string
>;

describeWithEnvoy('a case through real Envoy', () => {
  let world: CaseWorld;
  let envoy: EnvoyWorld;

  beforeAll(async () => {
    world = await startCaseWorld();
    envoy = await startEnvoyWorld(world);
  });
  afterAll(async () => {
    await envoy?.stop();
    await world?.stop();
  });

  describe.each(themes)('of $name:', ({ cases }) => {
    const here = cases.filter(({ only }) => only === undefined || 'envoy' in only);

    it.each(here.filter(({ envoy: refusal }) => refusal === undefined))('$name', async (one) => {
      await runCase(one, world, (request) => driveEnvoy(request, one, world, { envoy }));
      reached.add(one.expect.reason ?? ALLOWED);
    });

    it.each(here.filter(({ envoy: refusal }) => refusal !== undefined))(
      '$name (refused by Envoy itself)',
      async (one) => {
        world.setUp(one);
        const seen = await driveEnvoy(await prepare(one, world), one, world, { envoy });
        expect(seen.status).toBe(one.envoy?.status);
        expect(seen.records).toEqual([]);
        expect(seen.reached).toBe(false);
      },
    );
  });

  describe('and the closed table of refusals', () => {
    it('have every code in common, but for those that only the port shows', () => {
      const codes = Object.keys(REFUSALS);
      expect(codes.filter((code) => !reached.has(code) && !Object.hasOwn(atThePort, code))).toEqual([]);
      expect(Object.keys(atThePort).filter((code) => reached.has(code) || !codes.includes(code))).toEqual([]);
    });

    it.each(Object.keys(atThePort) as RefusalCode[])('know %s, straight at the port [E04, E05, E29]', async (code) => {
      world.setUp({ setup: 'plain' });
      expect(await portAnswers(world, encodeCheckRequest)[code]?.()).toBe(code);
    });
  });

  it('was never let through, or left, by an error of ours', async () => {
    const stats = await envoy.envoy.stats(/ext_authz.*(?:error|timeout|failure_mode_allowed)$/);
    expect([...stats].filter(([name, value]) => value > 0 && !name.includes('.disabled'))).toEqual([]);
  });

  it('changes nothing in the config that it runs on', () => {
    expect(readFileSync(envoy.envoy.logFile, 'utf8')).not.toContain('deprecated');
  });
});
