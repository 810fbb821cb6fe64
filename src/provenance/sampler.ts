import { ROOT_CONTEXT } from '@opentelemetry/api';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { Logger } from '../log.ts';
import type { Place } from './place.ts';

/** Whether the spans of a Check are exported. Decision records are never sampled. */
export type Sampler = (traceId: string, place: Place) => boolean;

type Root = (traceId: string) => boolean;

const FOLLOWS_PARENT = 'parentbased_';

/**
 * Makes the sampler that `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` name; `parentbased_always_on` by default.
 * Only Envoy's sampling decision is followed: a client's `traceparent` can neither hide a Check from the trace nor force
 * it in (threats T09).
 */
export function createSampler(env: Readonly<Record<string, string | undefined>>, log: Logger): Sampler {
  const name = env['OTEL_TRACES_SAMPLER'] ?? 'parentbased_always_on';
  const root = rootSampler(name.replace(FOLLOWS_PARENT, ''), env['OTEL_TRACES_SAMPLER_ARG']);
  if (root === undefined) {
    log.warn({ sampler: name }, 'OTEL_TRACES_SAMPLER names no known sampler: every Check is traced');
    return () => true;
  }
  if (!name.startsWith(FOLLOWS_PARENT)) {
    return root;
  }
  return (traceId, { parent, trusted }) => (parent !== undefined && trusted ? parent.traceFlags === 1 : root(traceId));
}

function rootSampler(name: string, argument: string | undefined): Root | undefined {
  switch (name) {
    case 'always_on':
      return () => true;
    case 'always_off':
      return () => false;
    case 'traceidratio': {
      const sampler = new TraceIdRatioBasedSampler(argument === undefined ? 1 : Number(argument));
      return (traceId) => sampler.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
    }
    default:
      return undefined;
  }
}
