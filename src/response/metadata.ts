import type { Struct } from '../generated/google/protobuf/Struct.ts';

/** What access logs and later filters may read: `%DYNAMIC_METADATA(envoy.filters.http.ext_authz:reason)%` (design §8). */
export interface DecisionMetadata {
  readonly decision_id: string;
  readonly outcome: 'allow' | 'deny' | 'degrade' | 'observe';
  readonly reason: string;
  readonly hop?: string | undefined;
  readonly agent?: string | undefined;
  readonly subject?: string | undefined;
  readonly grant?: string | undefined;
  readonly policy_revision?: string | undefined;
  readonly fallback?: string | undefined;
}

/** `CheckResponse.dynamic_metadata`, which Envoy keeps on a denial too. Every key is there; what is not known is "". */
export function metadata(facts: DecisionMetadata, fromPolicy: Readonly<Record<string, string>> = {}): Struct {
  const fields: NonNullable<Struct['fields']> = {
    decision_id: { stringValue: facts.decision_id },
    outcome: { stringValue: facts.outcome },
    reason: { stringValue: facts.reason },
    hop: { stringValue: facts.hop ?? '' },
    agent: { stringValue: facts.agent ?? '' },
    subject: { stringValue: facts.subject ?? '' },
    grant: { stringValue: facts.grant ?? '' },
    policy_revision: { stringValue: facts.policy_revision ?? '' },
    fallback: { stringValue: facts.fallback ?? '' },
  };
  const extra = Object.entries(fromPolicy);
  if (extra.length > 0) {
    const policy = Object.fromEntries(extra.map(([key, value]) => [key, { stringValue: value }]));
    fields['policy'] = { structValue: { fields: policy } };
  }
  return { fields };
}
