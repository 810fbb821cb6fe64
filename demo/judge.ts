import type { Answer } from '../test/fakes/agent.ts';
import type { Echo } from '../test/fakes/upstream.ts';
import type { DecisionRecord } from './records.ts';
import type { Sent } from './send.ts';

/** One row of the story: what came of it, and what was expected. */
export interface Played {
  readonly call: string;
  readonly status: number;
  /** From Behalf's decision record. */
  readonly outcome: string;
  readonly reason: string;
  /** The caller as its certificate names it, and the agent of the matrix that Behalf found it to be. */
  readonly caller: string | undefined;
  readonly agent: string | undefined;
  readonly onBehalfOf: string | undefined;
  readonly decisionId: string | undefined;
  readonly traceId: string | undefined;
  readonly expected: { readonly status: number; readonly reason: string };
  /** What did not come out as expected; empty when all did. */
  readonly surprises: readonly string[];
}

/** Compares the answer, what the tool saw and the decision record with what the story expects. */
export function judge(sent: Sent, records: readonly DecisionRecord[]): Played {
  const { row, answer } = sent;
  const decisionId = decisionIdOf(answer);
  const own = records.filter((record) => record.decision_id === decisionId);
  const [record] = own;
  const { status, reason } = row.expect;
  return {
    call: row.call,
    status: answer.status,
    outcome: record?.authz.outcome ?? 'no record',
    reason: record?.authz.reason ?? '',
    caller: record?.requested_by,
    agent: record?.authz.agent,
    onBehalfOf: record?.authz.subject,
    decisionId,
    traceId: record?.trace_id,
    expected: { status, reason },
    surprises: surprises(sent, record, own.length),
  };
}

/** A denial tells its decision's id to the caller, an allow to the tool, which echoes it. */
export function decisionIdOf({ body }: Answer): string | undefined {
  const { decision_id: told, headers } = readBody(body);
  const echoed = headers?.['x-behalf-decision'];
  return told ?? (typeof echoed === 'string' ? echoed : undefined);
}

function readBody(body: string): Partial<Echo> & { decision_id?: string } {
  try {
    return JSON.parse(body) as Partial<Echo> & { decision_id?: string };
  } catch {
    return {};
  }
}

function surprises(
  { row: { expect }, answer, reached }: Sent,
  record: DecisionRecord | undefined,
  recordCount: number,
): readonly string[] {
  const allowed = expect.reason === 'allowed';
  const checks: [string, unknown, unknown][] = [
    ['HTTP status', expect.status, answer.status],
    ['decision records', 1, recordCount],
    ['outcome', allowed ? 'allow' : 'deny', record?.authz.outcome],
    ['reason', expect.reason, record?.authz.reason],
    ['requests that reached the tool', allowed ? 1 : 0, reached],
  ];
  const seen = readBody(answer.body).headers;
  for (const [name, value] of Object.entries(expect.upstream)) {
    checks.push([`${name} at the tool`, value, seen?.[name] ?? 'absent']);
  }
  return checks
    .filter(([, wanted, got]) => wanted !== got)
    .map(([what, wanted, got]) => `${what}: expected ${String(wanted)}, got ${String(got)}`);
}
