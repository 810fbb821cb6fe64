import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Ask,
  beginTrail,
  type CheckWorld,
  encodeCheckRequest,
  reasonOf,
  spiffe,
  startCheckWorld,
} from '../test/fakes/check-world.ts';
import { grantClaim } from '../test/fakes/issuer.ts';
import { type CheckParts, refuse, STEPS } from './check.ts';
import type { PolicyInput } from './policy/input.ts';
import { Refusal } from './refusals.ts';
import { decodeCheckResponse } from './wire.ts';

let world: CheckWorld;
beforeAll(async () => {
  world = await startCheckWorld();
});
afterAll(() => world.stop());

async function ask(what: Ask = {}, parts: Partial<CheckParts> = {}): Promise<string> {
  return reasonOf((await world.put(await world.request(what), parts)).answer);
}

describe('one Check', () => {
  it('allows what the grant, the row and the policy allow, in both header encodings', async () => {
    const { answer, trail } = await world.put(await world.request());
    expect(reasonOf(answer)).toBe('allowed');
    expect(answer.status).toBeDefined();
    expect(answer.status?.code ?? 0).toBe(0);
    expect(trail.grant?.task).toBe('t-1');
    expect(trail.identity?.actor?.agent).toBe('procurement');
    expect(await ask({ rawHeaders: true })).toBe('allowed');
    expect(await ask({ principal: spiffe('procurement') })).toBe('allowed');
  });

  it('keeps what policy took of its budget, also where it was cut off [P07]', async () => {
    const { policy } = world.snapshot;
    const allowed = await world.put(await world.request());
    expect(allowed.trail.policyTicks).toBe(policy.lastTicks);
    expect(policy.lastTicks).toBeGreaterThan(1000);
    const endless = {
      revision: policy.revision,
      entrypoint: policy.entrypoint,
      budget: 5,
      lastTicks: 6,
      evaluate: () => {
        throw new Refusal('policy_timeout', 'it took more than the 5 ticks of policy.budget');
      },
    };
    const snapshot = { ...world.snapshot, policy: endless };
    const { answer, trail } = await world.put(await world.request(), { snapshot: () => snapshot });
    expect([reasonOf(answer), trail.policyTicks]).toEqual(['policy_timeout', 6]);
  });

  it('has policy decide each element of a batch, by what that element asks [E18]', async () => {
    const calls = ['read', 'share', 'drop'].map((tool) => ({ method: 'tools/call', tool, arguments: { tool } }));
    const route: typeof STEPS.route = (...args) => ({ ...STEPS.route(...args), mcp: calls });
    const texts: PolicyInput[] = [];
    const refusing = (forbidden: string) => {
      const evaluate = (text: string): unknown => {
        const input = JSON.parse(text) as PolicyInput;
        texts.push(input);
        return { allow: input.mcp?.tool !== forbidden, reasons: [{ code: 'said', message: forbidden }] };
      };
      const policy = { ...world.snapshot.policy, revision: 'r', entrypoint: 'e', budget: 1, lastTicks: 1, evaluate };
      return { snapshot: () => ({ ...world.snapshot, policy }), steps: { ...STEPS, route } };
    };
    expect(reasonOf((await world.put(await world.request(), refusing('nothing'))).answer)).toBe('allowed');
    expect(texts.map(({ mcp }) => mcp)).toEqual(calls);
    for (const { tool } of calls) {
      expect(reasonOf((await world.put(await world.request(), refusing(tool))).answer)).toBe('policy_denied');
    }
  });

  it('tells the upstream who asked, whatever the client said (E08, E09)', async () => {
    const forged = { 'x-behalf-subject': 'root', 'x-behalf-task': 'evil', x_behalf_agent: 'evil' };
    const { answer } = await world.put(await world.request({ headers: forged }));
    const set: Record<string, unknown> = Object.fromEntries(
      (answer.ok_response?.headers ?? []).map(({ header }) => [header?.key ?? '', header?.value]),
    );
    expect(set).toMatchObject({ 'x-behalf-subject': 'alice@acme.example', 'x-behalf-task': 't-1' });
    expect(answer.ok_response?.headers_to_remove).toEqual(['x_behalf_agent']);
  });

  it.each<[string, Ask, string | undefined]>([
    ['allows', {}, undefined],
    ['denies', { hop: 'erp.recipients.change', method: 'PUT', path: '/v1/regions/eu/recipients/7' }, 'grant_scope'],
  ])('calls the subject by its label where it %s [T11]', async (_, asked, code) => {
    const { answer, trail } = await world.put(await world.request(asked));
    expect(trail.refusal?.code).toBe(code);
    expect(trail.subjectLabel).toBe('pseudonym');
    expect(JSON.stringify(answer.dynamic_metadata)).toContain('"subject":{"stringValue":"pseudonym"}');
    expect(JSON.stringify(answer.dynamic_metadata)).not.toContain('alice');
  });

  it('says for whom it was where the subject is revoked [C10, T11]', async () => {
    const requireUnrevoked = (): never => {
      throw new Refusal('subject_disabled', 'revoked by subject');
    };
    const { trail } = await world.put(await world.request(), { steps: { ...STEPS, requireUnrevoked } });
    expect([trail.refusal?.code, trail.subjectLabel]).toEqual(['subject_disabled', 'pseudonym']);
  });

  it.each<[string, Ask, string]>([
    ['another region than granted', { path: '/v1/regions/us/invoices/7' }, 'grant_scope'],
    [
      'an action that was not granted',
      { method: 'PUT', path: '/v1/regions/eu/recipients/7', hop: 'erp.recipients.change' },
      'grant_scope',
    ],
    [
      'a payment without approval',
      { method: 'POST', path: '/v1/regions/eu/payments/7/finalize', hop: 'erp.payments.finalize' },
      'approval_required',
    ],
    ['a stolen token (A04)', { agent: 'support' }, 'actor_peer_mismatch'],
    ['no token', { token: null }, 'token_missing'],
    ['garbage for a token', { token: 'garbage' }, 'token_format'],
    ['no certificate', { certificate: '' }, 'peer_missing'],
    ['an unknown path', { path: '/nope', hop: '' }, 'hop_unknown'],
    ['the row of another path (E22)', { path: '/v1/regions/eu/payments' }, 'hop_mismatch'],
    ['an empty segment (E11)', { path: '//v1/regions/eu/invoices/7' }, 'path_not_canonical'],
    ['an encoded dot segment (E13)', { path: '/v1/regions/us/%2e%2e/eu/invoices/7' }, 'path_not_canonical'],
  ])('denies %s', async (_, what, code) => {
    expect(await ask(what)).toBe(code);
  });

  it('denies a person without an agent, where delegation is demanded (A03)', async () => {
    expect(await ask({ token: await world.token({ act: undefined }) })).toBe('actor_missing');
  });

  it('denies an expired grant in a live token (A06)', async () => {
    const old = grantClaim({
      task: 't',
      actions: ['invoices.read'],
      target: 'https://erp.acme.example',
      context: { region: 'eu' },
      expiresAt: 1,
    });
    expect(await ask({ token: await world.token({ authorization_details: [old] }) })).toBe('grant_expired');
  });

  it('denies a gRPC request in its own protocol, also one that cannot be read', async () => {
    const message = await world.request({ path: '//x', headers: { 'content-type': 'application/grpc' } });
    const { answer } = await world.put(message);
    expect(reasonOf(answer)).toBe('path_not_canonical');
    const status = answer.denied_response?.headers?.find(({ header }) => header?.key === 'grpc-status');
    expect(status?.header?.value).toBe('3');
  });

  it('denies an HTTP request without what only gRPC reads', async () => {
    const { answer } = await world.put(await world.request({ path: '//x' }));
    expect(answer.denied_response?.headers?.map(({ header }) => header?.key)).not.toContain('grpc-status');
  });

  it('denies until a configuration is live (Y04)', async () => {
    expect(await ask({}, { snapshot: () => undefined })).toBe('not_ready');
  });

  it.each([
    ['an empty message (E02)', Buffer.alloc(0)],
    ['bytes that are no message (E04)', Buffer.from('ffffffff', 'hex')],
    ['another message', encodeCheckRequest({})],
  ])('denies %s', async (_, bytes) => {
    const { answer } = await world.put(bytes);
    expect(reasonOf(answer)).toBe('malformed_check_request');
    expect(answer.denied_response?.status?.code).toBe(400);
    // It may have been gRPC: then Envoy would make another code of 400.
    const status = answer.denied_response?.headers?.find(({ header }) => header?.key === 'grpc-status');
    expect(status?.header?.value).toBe('3');
  });

  it('has no row for a connection that no tcp row is for (E32)', async () => {
    const { answer } = await world.put(encodeCheckRequest({ attributes: { source: { principal: 'x' } } }));
    expect(reasonOf(answer)).toBe('hop_unknown');
  });

  it('denies a message over the limit', async () => {
    const { answer } = await world.put(await world.request(), { maxMessageBytes: 100 });
    expect(reasonOf(answer)).toBe('malformed_check_request');
  });
});

describe('a broken step', () => {
  const names = Object.keys(STEPS) as (keyof typeof STEPS)[];
  /** A Check that has something to spend, so that every step runs. */
  const identify: typeof STEPS.identify = async (...args) => ({
    ...(await STEPS.identify(...args)),
    once: [{ kind: 'token', key: randomUUID(), until: Date.now() + 1000 }],
  });
  const garbage: unknown[] = [
    undefined,
    null,
    {},
    [],
    'allow',
    1,
    true,
    { allow: true },
    Promise.resolve({ allow: true }),
    Buffer.alloc(0),
  ];

  it('is none: with every step as it is, the Check is allowed', async () => {
    expect(await ask({}, { steps: { ...STEPS, identify } })).toBe('allowed');
  });

  it.each(names)('%s that throws denies (E02)', async (name) => {
    const steps = {
      ...STEPS,
      identify,
      [name]: () => {
        throw new Error('broken');
      },
    };
    expect(await ask({}, { steps })).toBe('internal_error');
  });

  it.each(names)('%s that throws a thing denies (E02)', async (name) => {
    const steps = {
      ...STEPS,
      identify,
      [name]: () => {
        // oxlint-disable-next-line typescript/only-throw-error -- opa-wasm throws strings, and so may others
        throw 'text';
      },
    };
    expect(await ask({}, { steps })).toBe('internal_error');
  });

  it.each(names)('%s that returns garbage denies (E02)', async (name) => {
    for (const value of garbage) {
      const { answer } = await world.put(await world.request(), {
        steps: { ...STEPS, identify, [name]: () => value },
      });
      expect([value, answer.ok_response]).toEqual([value, undefined]);
      expect(answer.status?.code).toBeGreaterThan(0);
    }
  });
});

describe('a refusal', () => {
  it('that cannot be said still denies', () => {
    // A label that is no text cannot be encoded.
    const trail = { ...beginTrail(), subjectLabel: 1 } as never;
    const answer = decodeCheckResponse(refuse(new Refusal('policy_denied', 'x'), trail));
    expect(answer.denied_response?.status?.code).toBe(503);
  });
});
