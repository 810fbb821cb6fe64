import { approvalDigest } from '../../src/delegation/approval-digest.ts';
import type { Hop } from '../../src/matrix/hop.ts';
import { route } from '../../src/matrix/route.ts';
import { read } from '../../src/request/read.ts';
import type { RevocationTarget, StoredGrant } from '../../src/store/store.ts';
import { decodeCheckRequest, encodeCheckRequest } from '../../src/wire.ts';
import type { Case, GrantSpec, StoreWrite } from './case-schema.ts';
import type { CaseWorld } from './case-world.ts';
import { checkMessage } from './check-message.ts';
import { contextOf, SUBJECT } from './credentials.ts';
import type { Prepared } from './prepare.ts';

const HOUR = 3_600_000;
const why = { by: 'an operator', reason: 'as the case wants it' };

/** Writes down what a case wants to be in the store before its request: what is left out is what the request needs. */
export async function writeStore(one: Case, prepared: Prepared, world: CaseWorld): Promise<void> {
  const { mode, grant } = prepared.hop.delegation;
  const usual: readonly StoreWrite[] = mode === 'forbidden' || grant === 'token' ? [] : [{ grant: {} }];
  for (const write of one.store ?? usual) await perform(write, one, prepared, world);
}

async function perform(write: StoreWrite, one: Case, prepared: Prepared, world: CaseWorld): Promise<void> {
  const { store } = world;
  const { hop } = prepared;
  if ('grant' in write) {
    const isPast = (write.grant.expires ?? 1) <= 0;
    world.setBack(isPast ? 2 * HOUR : 0);
    await store.createGrant(grantOf(write.grant, hop));
    world.setBack(0);
  } else if ('forged' in write) {
    world.forge({ ...grantOf(write.forged, hop), createdAt: Date.now(), version: 1 });
  } else if ('approve' in write) {
    const { approver = 'bob@acme.example', body, path } = write.approve;
    const digest = await digestOf(
      { ...one.request, ...(body === undefined ? {} : { body }), ...(path && { path }) },
      prepared,
    );
    const expiresAt = Date.now() + HOUR;
    await store.approve({ id: `a-${crypto.randomUUID()}`, grant: 'g-1', hop: hop.id, digest, approver, expiresAt });
  } else if ('revoke' in write) {
    await store.revoke(targetOf(write.revoke, prepared), why);
  } else {
    await store.spend({ once: [], grant: { id: 'g-1', ...write.spend } });
  }

  function digestOf(request: Case['request'], { headers }: Prepared): Promise<string> {
    const body =
      typeof request.body === 'string' || request.body === undefined ? request.body : JSON.stringify(request.body);
    const seen = { ...prepared, body, path: request.path ?? prepared.path, headers };
    const input = read(decodeCheckRequest(encodeCheckRequest(checkMessage(seen, one.setup))));
    return Promise.resolve(approvalDigest(route(input, world.matrix), hop.delegation.approval?.body ?? [], input));
  }
}

function grantOf(spec: GrantSpec, hop: Hop): Omit<StoredGrant, 'createdAt' | 'version'> {
  const { calls, amount, expires = 3600 } = spec;
  const budget =
    calls === undefined && amount === undefined
      ? undefined
      : { ...(calls !== undefined && { calls }), ...(amount && { amount }) };
  return {
    id: spec.id ?? 'g-1',
    subject: { issuer: hop.credential.issuer, id: spec.subject ?? SUBJECT },
    actor: spec.actor ?? hop.agents[0]?.name ?? '',
    task: spec.task ?? 't-1',
    actions: spec.actions ?? [hop.delegation.action],
    target: spec.target ?? hop.credential.audience,
    context: spec.context ?? contextOf(hop),
    budget,
    expiresAt: Date.now() + expires * 1000,
    parent: spec.parent,
  };
}

type Revoked = Extract<StoreWrite, { revoke: unknown }>['revoke'];

function targetOf(what: Revoked, { hop, token }: Prepared): RevocationTarget {
  const issuer = hop.credential.type === 'mtls-only' ? 'spiffe://prod.acme.example' : hop.credential.issuer;
  const targets: Readonly<Record<Revoked, RevocationTarget>> = {
    token: { kind: 'token', id: token?.id ?? '' },
    grant: { kind: 'grant', id: 'g-1' },
    parent: { kind: 'grant', id: 'g-0' },
    subject: { kind: 'subject', issuer, id: SUBJECT },
    agent: { kind: 'agent', name: hop.agents[0]?.name ?? '' },
    key: { kind: 'key', issuer, kid: token?.kid ?? '' },
    issuer: { kind: 'issuer', issuer },
    everything: { kind: 'before', time: Date.now() },
    before: { kind: 'before', time: Date.now() - HOUR },
  };
  return targets[what];
}
