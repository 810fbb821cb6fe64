import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity, OneUse } from '../identity/identity.ts';
import type { ApprovalRule, RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { openStore } from '../store/open-store.ts';
import type { Store, StoredGrant } from '../store/store.ts';
import { delegate } from './delegate.ts';
import type { Delegated } from './grant.ts';
import { spend } from './spend.ts';

const IDP = 'https://idp.acme.example';
const ERP = 'https://erp.acme.example';
const HOUR = 3_600_000;
const END = Date.now() + HOUR;

interface Row {
  readonly grant?: 'stored' | 'both';
  readonly recheck?: boolean;
  readonly approval?: ApprovalRule;
}

const row = ({ grant = 'stored', recheck = false, approval }: Row = {}) =>
  ({
    hop: {
      id: 'erp.payments.finalize',
      credential: { audience: ERP, authority: { grants: true } },
      delegation: {
        mode: 'required',
        grant,
        action: 'pay',
        context: { region: { from: 'path', name: 'region' } },
        recheck,
        approval,
      },
    },
    params: { region: 'eu' },
  }) as unknown as RoutedHop;

const alice = (over: object = {}) =>
  ({
    subject: { id: 'alice', issuer: IDP },
    actor: { id: 'spiffe://td/a', agent: 'procurement', issuer: IDP },
    token: {},
    once: [],
    ...over,
  }) as unknown as Identity;

const paying = (json: object = { amount: 100, currency: 'EUR', recipient: 'acme' }, over: object = {}) =>
  ({
    method: 'POST',
    host: 'erp',
    path: '/p',
    rawQuery: '',
    headers: {},
    query: {},
    body: () => ({ state: 'ok', json }),
    ...over,
  }) as unknown as CheckInput;

const grant = (over: Partial<StoredGrant> = {}): Omit<StoredGrant, 'createdAt' | 'version'> => ({
  id: 'g-1',
  subject: { issuer: IDP, id: 'alice' },
  actor: 'procurement',
  task: 't-1',
  actions: ['pay'],
  target: ERP,
  context: { region: 'eu' },
  budget: undefined,
  expiresAt: END,
  parent: undefined,
  ...over,
});

describe('a row with stored grants', () => {
  let store: Store;
  beforeEach(async () => {
    store = openStore('memory:', { log: pino({ level: 'silent' }) });
    await store.ready();
  });

  const found = (hop = row(), identity = alice(), input = paying(), now = Date.now()): Delegated =>
    delegate(identity, hop, input, { store, now });
  const code = (...args: Parameters<typeof found>): string => {
    try {
      return found(...args).grant?.id ?? 'none';
    } catch (error) {
      return error instanceof Refusal ? error.code : `threw ${String(error)}`;
    }
  };
  const why = { by: 'test', reason: 'test' };

  it('takes the grant of this subject and agent, with its version [A09]', async () => {
    await store.createGrant(grant());
    expect(found().grant).toMatchObject({ id: 'g-1', version: 1, task: 't-1' });
    expect(found().spending).toBeUndefined();
  });

  it.each<[string, object]>([
    ['of another subject', { subject: { id: 'mallory', issuer: IDP } }],
    ['of the same name at another issuer', { subject: { id: 'alice', issuer: 'https://other.example' } }],
    ['of another agent', { actor: { id: 'spiffe://td/b', agent: 'support', issuer: IDP } }],
  ])('has no grant for a token %s [A06]', async (_, over) => {
    await store.createGrant(grant());
    expect(code(row(), alice(over))).toBe('grant_missing');
  });

  it.each<[string, Partial<StoredGrant>]>([
    ['action', { actions: ['read'] }],
    ['target', { target: 'https://crm.acme.example' }],
    ['region', { context: { region: 'us' } }],
  ])('refuses a grant for another %s [A06]', async (_, over) => {
    await store.createGrant(grant(over));
    expect(code()).toBe('grant_scope');
  });

  it('refuses a grant that is over, to the millisecond [A06]', async () => {
    const { expiresAt } = await store.createGrant(grant());
    expect(code(row(), alice(), paying(), expiresAt - 1)).toBe('g-1');
    expect(code(row(), alice(), paying(), expiresAt)).toBe('grant_expired');
  });

  it('refuses a revoked grant, and one whose parent is revoked [A06, A09]', async () => {
    await store.createGrant(grant({ id: 'parent', actor: 'manager' }));
    await store.createGrant(grant({ parent: 'parent' }));
    expect(code()).toBe('g-1');
    await store.revoke({ kind: 'grant', id: 'parent' }, why);
    expect(code()).toBe('grant_revoked');
  });

  it('says what is nearest: a dead grant that would have covered the request, before one for something else', async () => {
    await store.createGrant(grant());
    await store.createGrant(grant({ id: 'g-2', actions: ['read'] }));
    await store.revoke({ kind: 'grant', id: 'g-1' }, why);
    expect(code()).toBe('grant_revoked');
  });

  it('charges calls and amount, and refuses what would overspend before it asks the store to write', async () => {
    await store.createGrant(
      grant({ budget: { calls: 2, amount: { limit: 15_000, currency: 'EUR', field: '/amount' } } }),
    );
    const { spending } = found();
    expect(spending?.grant).toEqual({ id: 'g-1', calls: 1, amount: 10_000 });
    await spend(spending as never, [], store);
    expect(code(row(), alice(), paying({ amount: 50.01, currency: 'EUR' }))).toBe('grant_spent');
    expect(code(row(), alice(), paying({ amount: '50.00', currency: 'EUR' }))).toBe('g-1');
    await spend(found(row(), alice(), paying({ amount: 1, currency: 'EUR' })).spending as never, [], store);
    expect(code(row(), alice(), paying({ amount: 1, currency: 'EUR' }))).toBe('grant_spent');
  });

  it.each<[string, object]>([
    ['another currency', { amount: 1, currency: 'USD' }],
    ['no currency', { amount: 1 }],
    ['a currency in lower case', { amount: 1, currency: 'eur' }],
    ['no amount', { currency: 'EUR' }],
    ['a negative amount', { amount: -1, currency: 'EUR' }],
    ['a third of a cent', { amount: 0.333, currency: 'EUR' }],
    ['an exponent', { amount: '1e3', currency: 'EUR' }],
    ['a number past 2^53', { amount: 1e21, currency: 'EUR' }],
    ['text around it', { amount: ' 1', currency: 'EUR' }],
    ['a list', { amount: [1], currency: 'EUR' }],
  ])('counts no amount in a request with %s', async (_, body) => {
    await store.createGrant(grant({ budget: { amount: { limit: 1_000_000, currency: 'EUR', field: '/amount' } } }));
    expect(code(row(), alice(), paying(body))).toBe('grant_scope');
  });

  it('counts what is nested beside its own currency, and currencies without decimals', async () => {
    await store.createGrant(grant({ budget: { amount: { limit: 500, currency: 'JPY', field: '/total/value' } } }));
    expect(found(row(), alice(), paying({ total: { value: 500, currency: 'JPY' } })).spending?.grant?.amount).toBe(500);
    expect(code(row(), alice(), paying({ total: { value: 501, currency: 'JPY' } }))).toBe('grant_spent');
    expect(code(row(), alice(), paying({ total: { value: 1.5, currency: 'JPY' } }))).toBe('grant_scope');
  });

  it('charges a call for each action of a batch [E18]', async () => {
    await store.createGrant(grant({ budget: { calls: 3 } }));
    const batch = (n: number): RoutedHop =>
      ({ ...row(), mcp: Array.from({ length: n }, () => ({ method: 'tools/call' })) }) as never;
    expect(found(batch(3)).spending?.grant?.calls).toBe(3);
    expect(found(batch(0)).spending?.grant?.calls).toBe(1);
    expect(code(batch(4))).toBe('grant_spent');
  });

  it('charges the parent for what its child spends', async () => {
    await store.createGrant(grant({ id: 'parent', actor: 'manager', budget: { calls: 1 } }));
    await store.createGrant(grant({ parent: 'parent', budget: { calls: 1 } }));
    await store.createGrant(grant({ id: 'g-2', parent: 'parent', budget: { calls: 1 } }));
    await spend(found().spending as never, [], store);
    expect(code()).toBe('grant_spent');
    expect(store.spent('parent').calls).toBe(1);
  });

  it('asks the store once more where the row says so', async () => {
    await store.createGrant(grant());
    const { spending } = found(row({ recheck: true }));
    expect(spending).toEqual({ once: [], grant: { id: 'g-1', calls: 0, amount: 0 } });
    await store.revoke({ kind: 'grant', id: 'g-1' }, why);
    await expect(spend(spending as never, [], store)).rejects.toMatchObject({ code: 'grant_revoked' });
  });

  describe('that wants an approval', () => {
    const rule: ApprovalRule = { when: 'always', body: ['/recipient', '/amount'], maxBytes: 8192 };
    const hop = row({ approval: rule });
    const approve = async (input = paying()): Promise<void> => {
      const { wanted } = found(row({ approval: { ...rule, when: 'policy' } }), alice(), input);
      await store.approve({
        id: `a-${Math.random()}`,
        grant: 'g-1',
        hop: wanted?.hop ?? '',
        digest: wanted?.digest ?? '',
        approver: 'bob',
        expiresAt: Date.now() + HOUR,
      });
    };
    beforeEach(() => store.createGrant(grant()));

    it('refuses without one, and says for what', () => {
      expect(() => found(hop)).toThrow(
        expect.objectContaining({
          code: 'approval_required',
          remediation: expect.stringMatching(/grant g-1, row erp\.payments\.finalize, digest [0-9a-f]{64}/),
        }),
      );
    });

    it('takes it once', async () => {
      await approve();
      const first = found(hop);
      const second = found(hop);
      expect(first.grant?.approval).toMatchObject({ approver: 'bob' });
      await spend(first.spending as never, [], store);
      await expect(spend(second.spending as never, [], store)).rejects.toMatchObject({ code: 'approval_required' });
      expect(code(hop)).toBe('approval_required');
    });

    it.each<[string, object, object]>([
      ['recipient', { recipient: 'mallory', amount: 100, currency: 'EUR' }, {}],
      ['amount', { recipient: 'acme', amount: 1000, currency: 'EUR' }, {}],
      ['amount as text', { recipient: 'acme', amount: '100', currency: 'EUR' }, {}],
      ['payment', { recipient: 'acme', amount: 100, currency: 'EUR' }, { path: '/q' }],
      ['query', { recipient: 'acme', amount: 100, currency: 'EUR' }, { rawQuery: 'x=1' }],
    ])('does not take it for another %s', async (_, body, over) => {
      await approve();
      expect(code(hop, alice(), paying(body, over))).toBe('approval_required');
      expect(code(hop)).toBe('g-1');
    });

    it('finds the approval although a newer grant covers the request too', async () => {
      await approve();
      await store.createGrant(grant({ id: 'g-newer' }));
      expect(code(hop)).toBe('g-1');
    });

    it('does not take the approval of one tool for another [E18]', async () => {
      const calling = (tool: string): RoutedHop => ({ ...hop, mcp: [{ method: 'tools/call', tool }] }) as never;
      const { wanted } = found({ ...calling('refund'), hop: row({ approval: { ...rule, when: 'policy' } }).hop });
      const { digest = '' } = wanted ?? {};
      await store.approve({
        id: 'a-1',
        grant: 'g-1',
        hop: hop.hop.id,
        digest,
        approver: 'bob',
        expiresAt: Date.now() + HOUR,
      });
      expect(code(calling('refund'))).toBe('g-1');
      expect(code(calling('pay'))).toBe('approval_required');
    });

    it('binds only plain values that cannot be read in two ways', () => {
      expect(code(hop, alice(), paying({ recipient: { a: 1 }, amount: 1 }))).toBe('body_unparseable');
      expect(code(hop, alice(), paying({ recipient: 'a', Recipient: 'b', amount: 1 }))).toBe('body_ambiguous');
    });

    it('leaves it to policy where the row does, and says what would fit', () => {
      const { grant: under, wanted } = found(row({ approval: { ...rule, when: 'policy' } }));
      expect(under?.approval).toBeUndefined();
      expect(wanted).toMatchObject({ grant: 'g-1', hop: 'erp.payments.finalize' });
    });
  });

  it('does not let a grant whose budget cannot count the request hide one that covers it', async () => {
    await store.createGrant(grant());
    await store.createGrant(grant({ id: 'g-2', budget: { amount: { limit: 1, currency: 'USD', field: '/amount' } } }));
    expect(code()).toBe('g-1');
    const none = paying({}, { body: () => ({ state: 'absent' }) });
    expect(code(row(), alice(), none)).toBe('g-1');
  });

  describe('that wants them in the token too', () => {
    const asserted = (over: object = {}) =>
      alice({
        token: {
          authorizationDetails: [
            {
              type: 'behalf_grant',
              id: 'g-1',
              task: 't-1',
              actions: ['pay'],
              target: ERP,
              context: { region: 'eu' },
              expires_at: Date.now() / 1000 + 60,
              ...over,
            },
          ],
        },
      });
    const both = row({ grant: 'both' });
    beforeEach(() => store.createGrant(grant({ actions: ['pay', 'read'] })));

    it('takes what is left of both', () => {
      const { grant: left } = found(both, asserted());
      expect(left?.actions).toEqual(['pay']);
      expect(left?.expiresAt).toBeLessThan(Date.now() / 1000 + 61);
    });

    it.each<[string, object, string]>([
      ['another id', { id: 'g-2' }, 'grant_missing'],
      ['another region', { context: { region: 'us' } }, 'grant_scope'],
      ['another action', { actions: ['read'] }, 'grant_scope'],
      ['an earlier end', { expires_at: 1 }, 'grant_expired'],
    ])('refuses a token that asserts %s', (_, over, expected) => {
      expect(code(both, asserted(over))).toBe(expected);
    });

    it('refuses a token for a grant of somebody else', () => {
      expect(code(both, { ...asserted(), subject: { id: 'mallory', issuer: IDP, claims: {} } })).toBe('grant_missing');
    });
  });

  it('claims what serves once, and tells proof from token [D01]', async () => {
    const use = (kind: OneUse['kind'], key: string): OneUse => ({ kind, key, until: Date.now() + 60_000 });
    const keys = (uses: readonly OneUse[]) => uses.map(({ key, until }) => ({ key, until }));
    const once = [use('dpop', 'p-1'), use('token', 't-1')];
    await store.createGrant(grant());
    expect(found(row(), alice({ once })).spending).toEqual({ once: keys(once) });
    await spend({ once: keys(once) }, once, store);
    await expect(spend({ once: keys(once) }, once, store)).rejects.toMatchObject({ code: 'dpop_replayed' });
    const later = [use('dpop', 'p-2'), use('token', 't-1')];
    await expect(spend({ once: keys(later) }, later, store)).rejects.toMatchObject({ code: 'token_replayed' });
    const fresh = [use('dpop', 'p-2')];
    await spend({ once: keys(fresh) }, fresh, store);
  });
});
