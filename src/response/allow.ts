import type { Grant } from '../delegation/grant.ts';
import type { Spent } from '../delegation/spend.ts';
import type { Unrevoked } from '../delegation/unrevoked.ts';
import type { HeaderValueOption } from '../generated/envoy/config/core/v3/HeaderValueOption.ts';
import type { Identity } from '../identity/identity.ts';
import type { RoutedHop } from '../matrix/hop.ts';
import type { Outcome } from '../policy/outcome.ts';
import { ALLOWED } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { Spending } from '../store/store.ts';
import type { Answer } from './answer.ts';
import { header, withheld } from './headers.ts';
import { metadata } from './metadata.ts';

/** Everything that an allow rests on. Nothing here is optional but the grant, and the row says when that is. */
export interface Allowed {
  readonly decisionId: string;
  readonly input: CheckInput;
  readonly routed: RoutedHop;
  readonly identity: Identity;
  readonly grant: Grant | undefined;
  readonly outcome: Outcome;
  readonly unrevoked: Unrevoked;
  /** What had to be used up, and whether it was. */
  readonly spending: Spending | undefined;
  readonly spent: Spent | 'nothing';
  readonly policyRevision: string;
  /** The subject as logs may show it. */
  readonly subjectLabel: string;
  /** Set where a fault made another row decide. */
  readonly fallback?: { readonly to: string } | undefined;
}

/**
 * Says allow, and tells the upstream who asked: sets `x-behalf-*`, and removes every spelling of one that the client
 * sent, and what proves the client to us alone. Envoy removes after it sets, so a name that is set is never removed
 * (design §2).
 * @throws Refusal `claim_not_header_safe`; TypeError where a fact is missing, which is a bug and denies
 */
export function allow(facts: Allowed): Answer {
  requireProof(facts);
  const headers = [
    ...identityHeaders(facts),
    ...Object.entries(facts.outcome.headers).map(([key, value]) => header(key, value)),
  ];
  const names = new Set(headers.map((option) => option.header?.key));
  const headers_to_remove = withheld(facts.input.headers, names, facts.identity.peer.id);
  return {
    kind: 'allow',
    message: {
      status: { code: 0 },
      ok_response: { headers, headers_to_remove },
      dynamic_metadata: metadata(
        {
          decision_id: facts.decisionId,
          outcome: facts.fallback === undefined ? 'allow' : 'degrade',
          reason: ALLOWED,
          hop: facts.routed.hop.id,
          agent: agentOf(facts),
          subject: facts.subjectLabel,
          grant: facts.grant?.id,
          policy_revision: facts.policyRevision,
          fallback: facts.fallback?.to,
        },
        facts.outcome.metadata,
      ),
    },
  };
}

function identityHeaders({ decisionId, identity, grant }: Allowed): HeaderValueOption[] {
  const headers = [header('x-behalf-decision', decisionId), header('x-behalf-subject', identity.subject.id)];
  if (identity.actor !== undefined) headers.push(header('x-behalf-agent', identity.actor.id));
  if (grant !== undefined) headers.push(header('x-behalf-grant', grant.id), header('x-behalf-task', grant.task));
  return headers;
}

/** Who acts, by its name in the matrix; not who carries the token, which may be another (`sender: none`). */
function agentOf({ identity }: Allowed): string {
  return identity.agents[0] ?? identity.peer.id;
}

/** The last look before an allow: a step that returned garbage must not become one (threats E02). */
function requireProof({ routed, identity, grant, outcome, unrevoked, spending, spent }: Allowed): void {
  const { hop } = routed;
  const isDelegated = identity.actor !== undefined;
  const proven =
    // Compared outright: what a broken step returns need not have the type that it declares.
    outcome.allow === true &&
    unrevoked === 'unrevoked' &&
    spent === (spending === undefined ? 'nothing' : 'spent') &&
    typeof hop.id === 'string' &&
    typeof identity.peer.id === 'string' &&
    typeof identity.token.expiresAt === 'number' &&
    (!isDelegated || hop.sender === 'none' || identity.actor.id === identity.peer.id) &&
    (isDelegated
      ? typeof grant?.id === 'string' && grant.actions.includes(hop.delegation.action)
      : grant === undefined) &&
    (isDelegated || hop.delegation.mode !== 'required');
  if (!proven) throw new TypeError('an allow without proof');
}
