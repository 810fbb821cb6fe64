import { describe, expect, it } from 'vitest';
import { createLog } from '../log.ts';
import type { Place } from './place.ts';
import { createSampler } from './sampler.ts';

const log = createLog({ level: 'silent' });
const ORPHAN: Place = { parent: undefined, trusted: false, link: undefined };

/** How many of a thousand traces are sampled. */
function sampled(env: Record<string, string>, place = ORPHAN): number {
  const sampler = createSampler(env, log);
  const ids = Array.from({ length: 1000 }, (_, i) => (i * 4_294_967 + 1).toString(16).padStart(32, '0'));
  return ids.filter((id) => sampler(id, place)).length;
}

function child(traceFlags: number, trusted: boolean): Place {
  return { parent: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags }, trusted, link: undefined };
}

describe('OTEL_TRACES_SAMPLER', () => {
  it.each([
    [{}, 1000],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, 1000],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, 1000],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'nonsense' }, 1000],
  ])('%o samples %i of 1000 root spans', (env, expected) => {
    expect(sampled(env)).toBe(expected);
  });

  it('traceidratio samples about its share', () => {
    const count = sampled({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' });
    expect(count).toBeGreaterThan(200);
    expect(count).toBeLessThan(300);
  });

  it.each([
    ['an unsampled parent from Envoy', child(0, true), 0],
    ['a sampled parent from Envoy', child(1, true), 1000],
    ['an unsampled parent from a client', child(0, false), 1000],
  ])('parentbased_always_on: %s', (_, place, expected) => {
    expect(sampled({}, place)).toBe(expected);
  });

  it('always_on overrules an unsampled parent', () => {
    expect(sampled({ OTEL_TRACES_SAMPLER: 'always_on' }, child(0, true))).toBe(1000);
  });
});
