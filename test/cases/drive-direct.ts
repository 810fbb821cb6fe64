import { randomUUID } from 'node:crypto';
import { check } from '../../src/check.ts';
import type { HeaderValueOption__Output } from '../../src/generated/envoy/config/core/v3/HeaderValueOption.ts';
import type { CheckResponse__Output } from '../../src/generated/envoy/service/auth/v3/CheckResponse.ts';
import type { Trail } from '../../src/provenance/trail.ts';
import { decodeCheckResponse, encodeCheckRequest } from '../../src/wire.ts';
import type { RawClient } from '../fakes/check-world.ts';
import type { Setup } from './case-schema.ts';
import type { CaseWorld, DecisionRecord } from './case-world.ts';
import { checkMessage } from './check-message.ts';
import type { Observed } from './observed.ts';
import type { Prepared } from './prepare.ts';

/** Puts the message that Envoy would send to check(). */
export async function driveInProcess(request: Prepared, setup: Setup, world: CaseWorld): Promise<Observed> {
  const trail: Trail = {
    decisionId: randomUUID(),
    receivedAt: Date.now(),
    started: performance.now(),
    callerTrace: {},
  };
  const answer = await check(encodeCheckRequest(checkMessage(request, setup)), trail, world.parts());
  trail.answered = performance.now();
  return observed(request, answer, [world.recordOf(trail)]);
}

/** Puts it to the real check server, over gRPC. */
export async function driveAtPort(
  request: Prepared,
  setup: Setup,
  world: CaseWorld,
  client: RawClient,
): Promise<Observed> {
  world.takeRecords();
  const answer = await client.ask(encodeCheckRequest(checkMessage(request, setup)));
  return observed(request, answer, await recordsOf(world));
}

/** A record is made once the answer is on its way. */
export async function recordsOf(world: CaseWorld): Promise<DecisionRecord[]> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const records = world.takeRecords();
    if (records.length > 0) return records;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return [];
}

/** What Envoy would make of an answer. */
function observed({ headers: sent }: Prepared, bytes: Buffer, records: readonly DecisionRecord[]): Observed {
  const answer = decodeCheckResponse(bytes);
  const { ok_response: ok, denied_response: denied } = answer;
  const reached = (answer.status?.code ?? 0) === 0;
  const removed = new Set(ok?.headers_to_remove);
  const kept = Object.fromEntries(sent.filter(([name]) => !removed.has(name)));
  return {
    reached,
    status: reached ? 200 : denied?.status?.code,
    headers: reached ? {} : namesAndValues(denied?.headers),
    body: denied?.body ?? '',
    upstream: reached ? { ...kept, ...namesAndValues(ok?.headers) } : undefined,
    metadata: metadataOf(answer),
    records,
  };
}

function namesAndValues(options: readonly HeaderValueOption__Output[] = []): Record<string, string> {
  return Object.fromEntries(options.map(({ header }) => [header?.key ?? '', header?.value ?? '']));
}

function metadataOf({ dynamic_metadata: metadata }: CheckResponse__Output): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata?.fields ?? {}).map(([name, value]) => [name, value.stringValue]));
}
