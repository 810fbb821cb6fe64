import { randomUUID } from 'node:crypto';
import type { InstrumentationScope } from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { VERSION } from './version.ts';

/** Who made the telemetry. One object per process, because exporters group spans by its identity. */
export interface Origin {
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
}

/** This process, in `labels.id` of each record and `service.instance.id` of each span. */
export const INSTANCE: string = randomUUID();

/** Makes the origin; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win over what we say of ourselves. */
export function createOrigin(): Origin {
  const ours = resourceFromAttributes({
    'service.name': 'behalf',
    'service.version': VERSION,
    'service.instance.id': INSTANCE,
  });
  const environment = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] });
  return {
    resource: defaultResource().merge(ours).merge(environment),
    scope: { name: 'behalf', version: VERSION },
  };
}
