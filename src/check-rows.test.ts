/** What a row may say about how it is enforced: observed, retried, degraded; and revocation, which no row can escape. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckWorld, reasonOf, spiffe, startCheckWorld } from '../test/fakes/check-world.ts';
import { type CheckParts, STEPS } from './check.ts';
import type { CheckResponse__Output } from './generated/envoy/service/auth/v3/CheckResponse.ts';
import type { Hop } from './matrix/hop.ts';
import type { Trail } from './provenance/trail.ts';
import { Refusal, type RefusalCode } from './refusals.ts';

const ROW = 'erp.invoices.read';
const DAY = 86_400_000;

describe('a row', () => {
  let world: CheckWorld;
  beforeAll(async () => {
    world = await startCheckWorld();
  });
  afterAll(() => world.stop());

  /** The demo's matrix with this row changed, and others added. */
  const withRow = (over: Partial<Hop>, others: readonly Hop[] = []): Pick<CheckParts, 'snapshot'> => {
    const { matrix } = world.snapshot;
    const changed = { ...(matrix.hops.get(ROW) as Hop), ...over };
    const hops = new Map([...matrix.hops, [ROW, changed], ...others.map((hop): [string, Hop] => [hop.id, hop])]);
    return { snapshot: () => ({ ...world.snapshot, matrix: { ...matrix, hops } }) };
  };
  const row = (): Hop => world.snapshot.matrix.hops.get(ROW) as Hop;
  const put = async (
    parts: Partial<CheckParts>,
    ask: Parameters<CheckWorld['request']>[0] = {},
  ): Promise<{ answer: CheckResponse__Output; trail: Trail }> => world.put(await world.request(ask), parts);
  const header = (answer: CheckResponse__Output, name: string): string | undefined =>
    [...(answer.ok_response?.headers ?? []), ...(answer.denied_response?.headers ?? [])].find(
      (option) => option.header?.key === name,
    )?.header?.value;
  const failing = (code: RefusalCode): Pick<CheckParts, 'steps'> => ({
    steps: {
      ...STEPS,
      decide: () => {
        throw new Refusal(code, 'for the test');
      },
    },
  });

  describe('that is only observed', () => {
    const observed = { rollout: { mode: 'observe', until: Date.now() + DAY } } as const;

    it('lets a refused request pass without any identity, and says so', async () => {
      const { answer, trail } = await put(withRow(observed), {
        token: 'x.y.z',
        headers: { 'x-behalf-subject': 'root' },
      });
      expect(answer.status?.code).toBe(0);
      expect(answer.ok_response?.headers?.map((option) => option.header?.key)).toEqual(['x-behalf-decision']);
      expect(answer.ok_response?.headers_to_remove).toEqual(['x-behalf-subject']);
      expect(answer.dynamic_metadata?.fields?.['outcome']?.stringValue).toBe('observe');
      expect(reasonOf(answer)).toBe('token_format');
      expect(trail).toMatchObject({ observed: true, refusal: { code: 'token_format' } });
    });

    it('allows what it allows as ever', async () => {
      const { answer, trail } = await put(withRow(observed));
      expect(answer.dynamic_metadata?.fields?.['outcome']?.stringValue).toBe('allow');
      expect(header(answer, 'x-behalf-subject')).toBe('alice@acme.example');
      expect(trail.observed).toBeUndefined();
    });

    it('enforces from the moment that its date is past', async () => {
      const { answer } = await put(withRow({ rollout: { mode: 'observe', until: Date.now() - 1 } }), {
        token: 'x.y.z',
      });
      expect(answer.denied_response?.status?.code).toBe(401);
    });

    it('denies what is refused before a row is known', async () => {
      const { answer } = await put(withRow(observed), { path: '/v1/regions/eu/../invoices/7' });
      expect(reasonOf(answer)).toBe('path_not_canonical');
      expect(answer.denied_response?.status?.code).toBe(400);
    });
  });

  it('whose exception has run out denies, from that moment on', async () => {
    const exception = (expires: number): Partial<Hop> => ({
      exceptions: [{ rule: 'unbound-sender', owner: 'crm@acme.example', reason: 'vendor', expires }],
    });
    expect(reasonOf((await put(withRow(exception(Date.now() + DAY)))).answer)).toBe('allowed');
    expect(reasonOf((await put(withRow(exception(Date.now() - 1)))).answer)).toBe('exception_expired');
  });

  describe('that may be retried', () => {
    const retried = withRowOf({ retry: { after: 2 } });

    it.each<[RefusalCode, string | undefined]>([
      ['policy_trap', '2'],
      ['policy_denied', undefined],
      ['revocation_unavailable', undefined],
    ])('after %s says Retry-After: %s', async (code, expected) => {
      const { answer } = await put({ ...retried(), ...failing(code) });
      expect(reasonOf(answer)).toBe(code);
      expect(header(answer, 'retry-after')).toBe(expected);
    });
  });

  describe('that degrades', () => {
    const degraded = withRowOf({ degrade: { to: 'erp.invoices.summary' } });
    const once = (code: RefusalCode): Pick<CheckParts, 'steps'> => {
      let isFirst = true;
      const decide: typeof STEPS.decide = (...args) => {
        if (!isFirst) return STEPS.decide(...args);
        isFirst = false;
        throw new Refusal(code, 'for the test');
      };
      return { steps: { ...STEPS, decide } };
    };

    it('is judged by the other row after a fault, and answer and trail say so', async () => {
      const { answer, trail } = await put({ ...degraded(), ...once('policy_trap') });
      expect(answer.status?.code).toBe(0);
      expect(answer.dynamic_metadata?.fields?.['outcome']?.stringValue).toBe('degrade');
      expect(answer.dynamic_metadata?.fields?.['fallback']?.stringValue).toBe('erp.invoices.summary');
      expect(trail.fallback).toEqual({ from: ROW, to: 'erp.invoices.summary', because: 'policy_trap' });
      expect(trail.routed?.hop.id).toBe('erp.invoices.summary');
    });

    it.each<RefusalCode>(['policy_denied', 'token_expired', 'revocation_unavailable'])(
      'never does after %s',
      async (code) => {
        const { answer, trail } = await put({ ...degraded(), ...once(code) });
        expect(reasonOf(answer)).toBe(code);
        expect(trail.fallback).toBeUndefined();
      },
    );

    it('is judged whole: a token that the other row does not accept is refused', async () => {
      const { answer } = await put({ ...degraded({ scopes: ['summaries:read'] }), ...once('policy_trap') });
      expect(reasonOf(answer)).toBe('scope_missing');
    });

    it('never lets pass by a row that is only observed what its own row refuses', async () => {
      const observed = {
        ...row(),
        id: 'erp.invoices.summary',
        rollout: { mode: 'observe', until: Date.now() + DAY },
      } as const;
      const parts = withRow({ onFailure: { degrade: { to: observed.id } } }, [observed]);
      const { answer, trail } = await put({ ...parts, ...failing('policy_trap') });
      expect(answer.denied_response?.status?.code).toBe(503);
      expect(trail.observed).toBeUndefined();
    });

    it('forgets what the first row found before the other one refuses', async () => {
      const over = {
        ...row(),
        id: 'erp.invoices.summary',
        exceptions: [{ rule: 'r', owner: 'o', reason: 'r', expires: 1 }],
      };
      const parts = withRow({ onFailure: { degrade: { to: over.id } } }, [over]);
      const { answer, trail } = await put({ ...parts, ...failing('policy_trap') });
      expect(reasonOf(answer)).toBe('exception_expired');
      const { identity, subjectLabel, grant, peer } = trail;
      expect([identity, subjectLabel, grant, peer]).toEqual([undefined, undefined, undefined, undefined]);
    });

    it('degrades once, and never from there', async () => {
      const { answer } = await put({ ...degraded(), ...failing('policy_trap') });
      expect(reasonOf(answer)).toBe('policy_trap');
    });
  });

  it('refuses a revoked agent whether it acts or carries the token, also where the sender is not bound [A10, C10]', async () => {
    const loose = withRow({ sender: 'none', agents: world.snapshot.matrix.agents });
    const carried = async (): Promise<string> => reasonOf((await put(loose, { agent: 'reporting' })).answer);
    expect(await carried()).toBe('allowed');
    const fresh = await startCheckWorld();
    await fresh.store.revoke({ kind: 'agent', name: 'reporting' }, { by: 't', reason: 't' });
    const parts = { ...loose, store: fresh.store };
    expect(reasonOf((await put(parts, { agent: 'reporting' })).answer)).toBe('actor_disabled');
    expect(reasonOf((await put(parts)).answer)).toBe('allowed');
    const other = await startCheckWorld();
    await other.store.revoke({ kind: 'agent', name: 'procurement' }, { by: 't', reason: 't' });
    const acting = await put({ ...loose, store: other.store }, { agent: 'reporting' });
    expect(reasonOf(acting.answer)).toBe('actor_disabled');
    await Promise.all([fresh.stop(), other.stop()]);
  });

  it('names who acts, not who carries the token, where the sender is not bound [A04]', async () => {
    const { delegation, match } = row();
    const self = { mode: 'optional', grant: 'token', action: delegation.action, context: {} } as const;
    const loose = withRow({
      sender: 'none',
      agents: world.snapshot.matrix.agents,
      delegation: { ...delegation, ...self },
      match,
    });
    const token = await world.token({ act: undefined, sub: spiffe('procurement'), authorization_details: undefined });
    const decide: typeof STEPS.decide = () => ({ allow: true, reasons: [], headers: {}, metadata: {} });
    const ask = { agent: 'reporting', token } as const;
    const allowed = await put({ ...loose, steps: { ...STEPS, decide } }, ask);
    const denied = await put({ ...loose, ...failing('policy_denied') }, ask);
    expect([reasonOf(allowed.answer), reasonOf(denied.answer)]).toEqual(['allowed', 'policy_denied']);
    for (const { answer, trail } of [allowed, denied]) {
      expect(answer.dynamic_metadata?.fields?.['agent']?.stringValue).toBe('procurement');
      expect(trail.identity?.agents).toEqual(['procurement', 'reporting']);
    }
  });

  it('refuses a token that is revoked, also where it was just let through [C06, J27]', async () => {
    const token = await world.token();
    const ask = async (): Promise<string> => reasonOf((await put({}, { token })).answer);
    const first = await put({}, { token });
    expect(reasonOf(first.answer)).toBe('allowed');
    await world.store.revoke({ kind: 'token', id: first.trail.identity?.token.id ?? '' }, { by: 't', reason: 't' });
    expect(await ask()).toBe('token_revoked');
    expect(reasonOf((await put({})).answer)).toBe('allowed');
  });

  function withRowOf(onFailure: Hop['onFailure']) {
    return (credential: Partial<Hop['credential']> = {}): Pick<CheckParts, 'snapshot'> =>
      withRow({ onFailure }, [
        { ...row(), id: 'erp.invoices.summary', credential: { ...row().credential, ...credential } },
      ]);
  }
});
