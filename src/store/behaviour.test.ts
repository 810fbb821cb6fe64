/** What every store does, over every store (style.md, 12). Each test has a store of its own, and a clock that it sets. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../log.ts';
import { openStore } from './open-store.ts';
import type { Presented, RevocationTarget, Spending, Store } from './store.ts';

type Draft = Parameters<Store['createGrant']>[0];

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const subject = { issuer: 'https://idp.acme.example', id: 'alice' };
const why = { by: 'operator', reason: 'test' };
const digest = 'a'.repeat(64);

const draft = (over: Partial<Draft> = {}): Draft => ({
  id: 'g-1',
  subject,
  actor: 'procurement',
  task: 'pay the invoices of May',
  actions: ['invoices.read', 'invoices.pay'],
  target: 'https://erp.acme.example',
  context: { region: 'eu' },
  budget: undefined,
  expiresAt: NOW + HOUR,
  parent: undefined,
  ...over,
});
const once = (...keys: string[]): Spending => ({ once: keys.map((key) => ({ key, until: NOW + HOUR })) });
const charge = (id: string, amount = 0): Spending => ({ once: [], grant: { id, calls: 1, amount } });
const euros = (limit: number) => ({ amount: { limit, currency: 'EUR', field: '/amount' } });
const presented = (over: Partial<Presented> = {}): Presented => ({
  tokenId: 't-1',
  issuer: subject.issuer,
  keyId: 'k-1',
  issuedAt: NOW,
  subject,
  agents: ['procurement'],
  ...over,
});
const approval = { id: 'a-1', grant: 'g-1', hop: 'erp.pay', digest, approver: 'bob', expiresAt: NOW + HOUR };

describe.each<[string, () => string]>([
  ['memory:', () => 'memory:'],
  ['sqlite:', () => `sqlite:${join(mkdtempSync(join(tmpdir(), 'behalf-store-')), 'behalf.db')}`],
])('a store in %s', (_, name) => {
  let now: number;
  let store: Store;

  beforeEach(async () => {
    now = NOW;
    store = openStore(name(), { log: createLog({ level: 'silent' }), now: () => now, spendWithin: 5000 });
    await store.ready();
  });
  afterEach(() => store.close());

  const refuses = (write: Promise<unknown>, message: RegExp) =>
    expect(write).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'refused',
      message: expect.stringMatching(message),
    });

  describe('grants', () => {
    it('keeps what was created, and shows it at once', async () => {
      const grant = await store.createGrant(draft({ budget: { calls: 3, ...euros(500) } }));
      expect(grant).toEqual({ ...draft({ budget: { calls: 3, ...euros(500) } }), createdAt: NOW, version: 1 });
      expect(store.grant('g-1')).toEqual(grant);
      expect([...store.grants()]).toEqual([grant]);
      expect(store.spent('g-1')).toEqual({ calls: 0, amount: 0 });
      expect(store.lineage('g-1')).toEqual([grant]);
    });

    it('lists the grants of a subject and an actor, newest first', async () => {
      await store.createGrant(draft());
      now += 1;
      await store.createGrant(draft({ id: 'g-2', expiresAt: NOW + 10 }));
      await store.createGrant(draft({ id: 'g-3', actor: 'other' }));
      await store.createGrant(draft({ id: 'g-4', subject: { ...subject, id: 'bob' } }));
      now += HOUR;
      expect(store.grantsOf(subject, 'procurement').map(({ id }) => id)).toEqual(['g-2', 'g-1']);
      expect(store.grantsOf(subject, 'nobody')).toEqual([]);
    });

    it('does not mix up subjects and actors whose names run into each other [C13]', async () => {
      await store.createGrant(draft({ subject: { issuer: 'a:1', id: 'b' }, actor: 'c' }));
      expect(store.grantsOf({ issuer: 'a', id: '1:b' }, 'c')).toEqual([]);
      expect(store.grantsOf({ issuer: 'a:1', id: 'b' }, 'c')).toHaveLength(1);
    });

    it.each<[string, Partial<Draft>, RegExp]>([
      ['an empty id', { id: '' }, /^it cannot be kept: id/],
      ['a long id', { id: 'x'.repeat(129) }, /id/],
      ['a long task', { task: 'x'.repeat(513) }, /task/],
      ['half a character', { task: '\ud800' }, /task: is not well-formed/],
      ['no actions', { actions: [] }, /actions/],
      ['an expiry that is no number', { expiresAt: Number.NaN }, /expiresAt/],
      ['an expiry without end', { expiresAt: Number.POSITIVE_INFINITY }, /expiresAt/],
      ['an expiry that is past', { expiresAt: NOW }, /choose a time in the future/],
      ['a budget below zero', { budget: { calls: -1 } }, /budget\.calls/],
      ['a budget that cannot be counted', { budget: euros(2 ** 53) }, /budget\.amount\.limit/],
      ['a currency that is none', { budget: { amount: { ...euros(1).amount, currency: 'euro' } } }, /currency/],
      ['a parent that is not there', { parent: 'g-0' }, /create the parent first/],
      ['a context key that readers pass over', { context: JSON.parse('{"__proto__":"eu"}') }, /context/],
      ['a context value that is no text', { context: { region: 1 as never } }, /context\.region/],
      ['a member that is not known', { scope: 'all' } as never, /Unrecognized key/],
    ])('refuses %s', async (_name, over, message) => {
      await refuses(store.createGrant(draft(over)), message);
      expect([...store.grants()]).toEqual([]);
    });

    it('refuses an id that is taken, or that was revoked before', async () => {
      await store.createGrant(draft());
      await refuses(store.createGrant(draft({ actor: 'other' })), /choose another id/);
      await store.revoke({ kind: 'grant', id: 'g-2' }, why);
      await refuses(store.createGrant(draft({ id: 'g-2' })), /is revoked already/);
      expect(store.grant('g-1')?.actor).toBe('procurement');
    });

    it.each<[string, Partial<Draft>, RegExp]>([
      ['an action more', { actions: ['invoices.read', 'invoices.delete'] }, /has an action/],
      ['another target', { target: 'https://crm.acme.example' }, /another target/],
      ['a context key less', { context: {} }, /leaves out a context key/],
      ['another context value', { context: { region: 'us' } }, /another context value/],
      ['another subject', { subject: { ...subject, id: 'bob' } }, /another subject/],
      ['no budget', { budget: undefined }, /more often/],
      ['more calls', { budget: { calls: 4, ...euros(500) } }, /more often/],
      ['a larger amount', { budget: { calls: 3, ...euros(501) } }, /spend more/],
      ['another currency', { budget: { calls: 3, amount: { ...euros(1).amount, currency: 'USD' } } }, /currency/],
      ['another field', { budget: { calls: 3, amount: { ...euros(1).amount, field: '/n' } } }, /another field/],
      ['a longer life', { expiresAt: NOW + HOUR + 1 }, /lives longer/],
    ])('refuses a child with %s [A07]', async (_name, over, message) => {
      const budget = { calls: 3, ...euros(500) };
      await store.createGrant(draft({ budget }));
      await refuses(store.createGrant(draft({ id: 'g-2', parent: 'g-1', budget, ...over })), message);
      expect(store.grant('g-2')).toBeUndefined();
    });

    it('keeps a child that narrows, and knows its lineage [A07]', async () => {
      await store.createGrant(draft());
      await store.createGrant(draft({ id: 'g-2', parent: 'g-1', actor: 'helper', actions: ['invoices.read'] }));
      expect(store.lineage('g-2')?.map(({ id }) => id)).toEqual(['g-2', 'g-1']);
      expect(store.lineage('g-0')).toBeUndefined();
    });

    it('refuses the child of a grant that is over, revoked, or the eighth already', async () => {
      await store.createGrant(draft({ id: 'old', expiresAt: NOW + 1 }));
      await store.createGrant(draft({ id: 'dead' }));
      await store.revoke({ kind: 'grant', id: 'dead' }, why);
      for (let n = 1; n <= 8; n++) {
        await store.createGrant(draft({ id: `g-${n}`, parent: n === 1 ? undefined : `g-${n - 1}` }));
      }
      now += 2;
      await refuses(store.createGrant(draft({ id: 'x', parent: 'old', expiresAt: NOW + 1 })), /in the future/);
      await refuses(store.createGrant(draft({ id: 'x', parent: 'old' })), /parent has expired/);
      await refuses(store.createGrant(draft({ id: 'x', parent: 'dead' })), /is revoked/);
      await refuses(store.createGrant(draft({ id: 'x', parent: 'g-8' })), /no more than 8/);
      expect(store.lineage('g-8')).toHaveLength(8);
    });

    it('renews within the parent, and counts versions', async () => {
      await store.createGrant(draft());
      await store.createGrant(draft({ id: 'g-2', parent: 'g-1', expiresAt: NOW + 10 }));
      now += 20;
      expect(await store.renewGrant('g-2', NOW + HOUR)).toMatchObject({ version: 2, createdAt: NOW });
      expect(store.grantsOf(subject, 'procurement').find(({ id }) => id === 'g-2')?.expiresAt).toBe(NOW + HOUR);
      await refuses(store.renewGrant('g-2', NOW + HOUR + 1), /renew the parent first/);
      await store.renewGrant('g-1', NOW + 2 * HOUR);
      expect((await store.renewGrant('g-2', NOW + HOUR + 1)).version).toBe(3);
    });

    it('refuses to renew what is not there or revoked, to the past, or to less time', async () => {
      await store.createGrant(draft());
      await refuses(store.renewGrant('g-0', NOW + HOUR), /no such grant/);
      await refuses(store.renewGrant('g-1', NOW), /in the future/);
      await refuses(store.renewGrant('g-1', Number.NaN), /expiresAt/);
      await refuses(store.renewGrant('g-1', NOW + HOUR - 1), /more time, not less/);
      await store.revoke({ kind: 'before', time: NOW }, why);
      await refuses(store.renewGrant('g-1', NOW + 2 * HOUR), /is revoked/);
    });
  });

  describe('revocation', () => {
    const targets: readonly (readonly [RevocationTarget, ReturnType<Store['revokedBy']>])[] = [
      [{ kind: 'issuer', issuer: subject.issuer }, 'issuer'],
      [{ kind: 'key', issuer: subject.issuer, kid: 'k-1' }, 'key'],
      [{ kind: 'before', time: NOW, issuer: subject.issuer }, 'before'],
      [{ kind: 'token', id: 't-1' }, 'token'],
      [{ kind: 'subject', ...subject }, 'subject'],
      [{ kind: 'agent', name: 'procurement' }, 'agent'],
    ];

    it.each(targets)('covers what %o names, and nothing else [C10]', async (target, kind) => {
      expect(store.revokedBy(presented())).toBeUndefined();
      expect(await store.revoke(target, why)).toEqual({ target, at: NOW, ...why });
      expect(store.revokedBy(presented())).toBe(kind);
      const other = presented({
        tokenId: 't-2',
        issuer: 'https://other.example',
        keyId: 'k-2',
        subject: { issuer: 'https://other.example', id: 'alice' },
        agents: ['other'],
      });
      expect(store.revokedBy(other)).toBeUndefined();
      expect([...store.revocations()]).toHaveLength(1);
    });

    it('names the widest of several, whatever came first [C10]', async () => {
      for (const [target, kind] of targets.toReversed()) {
        await store.revoke(target, why);
        expect(store.revokedBy(presented())).toBe(kind);
      }
    });

    it('is of an issuer’s own keys and subjects alone [C13]', async () => {
      await store.revoke({ kind: 'key', issuer: 'a:', kid: 'b' }, why);
      await store.revoke({ kind: 'subject', issuer: 'a:', id: 'b' }, why);
      const near = presented({ issuer: 'a', keyId: ':b', subject: { issuer: 'a', id: ':b' } });
      expect(store.revokedBy(near)).toBeUndefined();
      expect(store.revokedBy({ ...near, issuer: 'a:', keyId: 'b' })).toBe('key');
    });

    it('covers what was issued at a cutoff or before it, or at no known time, and the latest cutoff stays [C10]', async () => {
      await store.revoke({ kind: 'before', time: NOW }, why);
      expect((await store.revoke({ kind: 'before', time: NOW - 5 }, why)).target).toMatchObject({ time: NOW });
      expect(store.revokedBy(presented({ issuedAt: NOW }))).toBe('before');
      expect(store.revokedBy(presented({ issuedAt: Number.NaN }))).toBe('before');
      expect(store.revokedBy(presented({ issuedAt: NOW + 1 }))).toBeUndefined();
      await store.revoke({ kind: 'before', time: NOW + 5 }, why);
      expect(store.revokedBy(presented({ issuedAt: NOW + 5 }))).toBe('before');
      expect(store.revokedBy(presented({ issuedAt: NOW + 6 }))).toBeUndefined();
    });

    it('changes nothing when it is asked again', async () => {
      const first = await store.revoke({ kind: 'token', id: 't-1' }, why);
      now += 5;
      expect(await store.revoke({ kind: 'token', id: 't-1' }, { by: 'other', reason: 'again' })).toEqual(first);
      expect([...store.revocations()]).toEqual([first]);
    });

    it('of a grant reaches all that descends from it, and nothing beside it', async () => {
      await store.createGrant(draft());
      await store.createGrant(draft({ id: 'g-2', parent: 'g-1' }));
      await store.createGrant(draft({ id: 'g-3', parent: 'g-2' }));
      await store.createGrant(draft({ id: 'g-4', parent: 'g-1' }));
      await store.revoke({ kind: 'grant', id: 'g-2' }, why);
      expect(['g-1', 'g-2', 'g-3', 'g-4'].map((id) => store.isGrantRevoked(id))).toEqual([false, true, true, false]);
    });

    it('of a grant that is not here is kept: a token may assert it', async () => {
      expect(store.isGrantRevoked('token-grant')).toBe(false);
      await store.revoke({ kind: 'grant', id: 'token-grant' }, why);
      expect(store.isGrantRevoked('token-grant')).toBe(true);
    });

    it('by cutoff reaches grants, of that issuer alone, and their children made later', async () => {
      await store.createGrant(draft());
      await store.createGrant(draft({ id: 'g-2', subject: { issuer: 'https://other.example', id: 'alice' } }));
      now += 10;
      await store.createGrant(draft({ id: 'g-3', parent: 'g-1' }));
      await store.createGrant(draft({ id: 'g-4' }));
      await store.revoke({ kind: 'before', time: NOW, issuer: subject.issuer }, why);
      expect(['g-1', 'g-2', 'g-3', 'g-4'].map((id) => store.isGrantRevoked(id))).toEqual([true, false, true, false]);
      await store.revoke({ kind: 'before', time: NOW }, why);
      expect(store.isGrantRevoked('g-2')).toBe(true);
    });

    it.each<[string, unknown]>([
      ['a kind that is not known', { kind: 'everything' }],
      ['an empty id', { kind: 'token', id: '' }],
      ['a cutoff at no time', { kind: 'before', time: Number.NaN }],
      ['a cutoff in seconds with a fraction', { kind: 'before', time: 1.5 }],
      ['half a character [C13]', { kind: 'token', id: '\udc00' }],
    ])('refuses %s', async (_name, target) => {
      await refuses(store.revoke(target as RevocationTarget, why), /^it cannot be kept/);
      expect([...store.revocations()]).toEqual([]);
    });

    it('refuses a cutoff that lies ahead, because nothing could undo it', async () => {
      await refuses(store.revoke({ kind: 'before', time: NOW + HOUR }, why), /lies in the future/);
      expect(store.revokedBy(presented())).toBeUndefined();
    });
  });

  describe('approvals', () => {
    beforeEach(() => store.createGrant(draft()));

    it('finds an approval for exactly what it is for, until it is over', async () => {
      const kept = await store.approve(approval);
      expect(kept).toEqual({ ...approval, at: NOW, used: false });
      expect(store.approvalFor('g-1', 'erp.pay', digest, NOW)).toEqual(kept);
      expect(store.approvalFor('g-1', 'erp.pay', 'b'.repeat(64), NOW)).toBeUndefined();
      expect(store.approvalFor('g-1', 'erp.read', digest, NOW)).toBeUndefined();
      expect(store.approvalFor('g-2', 'erp.pay', digest, NOW)).toBeUndefined();
      expect(store.approvalFor('g-1', 'erp.pay', digest, NOW + HOUR)).toBeUndefined();
    });

    it('is for one use', async () => {
      await store.approve(approval);
      const spending = { ...charge('g-1'), approval: 'a-1' };
      expect(await store.spend(spending)).toEqual({ ok: true });
      expect(store.approvalFor('g-1', 'erp.pay', digest, NOW)).toBeUndefined();
      expect(await store.spend(spending)).toEqual({ ok: false, why: 'approval' });
      expect(store.spent('g-1').calls).toBe(1);
      expect([...store.approvals()]).toMatchObject([{ id: 'a-1', used: true }]);
    });

    it('is not for another grant, not for none, and not once it is over', async () => {
      await store.createGrant(draft({ id: 'g-2' }));
      await store.approve({ ...approval, expiresAt: NOW + 5 });
      const refused = { ok: false, why: 'approval' };
      expect(await store.spend({ ...charge('g-2'), approval: 'a-1' })).toEqual(refused);
      expect(await store.spend({ once: [], approval: 'a-1' })).toEqual(refused);
      expect(await store.spend({ ...charge('g-1'), approval: 'a-0' })).toEqual(refused);
      now += 5;
      expect(await store.spend({ ...charge('g-1'), approval: 'a-1' })).toEqual(refused);
      expect(store.spent('g-1').calls).toBe(0);
    });

    it('two approvals of the same are two uses', async () => {
      await store.approve(approval);
      await store.approve({ ...approval, id: 'a-2' });
      await store.spend({ ...charge('g-1'), approval: 'a-1' });
      expect(store.approvalFor('g-1', 'erp.pay', digest, NOW)?.id).toBe('a-2');
    });

    it.each<[string, Partial<typeof approval>, RegExp]>([
      ['of a grant that is not there', { grant: 'g-0' }, /no such grant/],
      ['by the actor itself', { approver: 'procurement' }, /cannot approve its own/],
      ['with a digest that is none', { digest: 'abc' }, /digest/],
      ['that is over', { expiresAt: NOW }, /in the future/],
    ])('refuses an approval %s', async (_name, over, message) => {
      await refuses(store.approve({ ...approval, ...over }), message);
      expect([...store.approvals()]).toEqual([]);
    });

    it('refuses an id that is taken, and approvals of what is revoked or over', async () => {
      await store.approve(approval);
      await refuses(store.approve({ ...approval, hop: 'erp.other' }), /choose another id/);
      await store.createGrant(draft({ id: 'short', expiresAt: NOW + 1 }));
      now += 1;
      await refuses(store.approve({ ...approval, id: 'a-2', grant: 'short' }), /expired/);
      await store.revoke({ kind: 'grant', id: 'g-1' }, why);
      await refuses(store.approve({ ...approval, id: 'a-3' }), /revoked/);
    });
  });

  describe('spending', () => {
    it('lets each key through once [D01]', async () => {
      expect(await store.spend(once('k-1', 'k-2'))).toEqual({ ok: true });
      expect(await store.spend(once('k-3', 'k-2'))).toEqual({ ok: false, why: 'replayed', key: 'k-2' });
      expect(await store.spend(once('k-3'))).toEqual({ ok: true });
      expect(await store.spend(once('k-4', 'k-4'))).toEqual({ ok: false, why: 'replayed', key: 'k-4' });
    });

    it('lets exactly 1 of 1,000 copies through [D01]', async () => {
      const results = await Promise.all(Array.from({ length: 1000 }, () => store.spend(once('proof')).catch(String)));
      expect(results.filter((result) => typeof result !== 'string' && result.ok)).toHaveLength(1);
    });

    it('tells keys apart that UTF-8 would make one [C13]', async () => {
      expect(await store.spend(once('\ud800'))).toEqual({ ok: true });
      expect(await store.spend(once('\ud801'))).toEqual({ ok: true });
      expect(await store.spend(once('\ud800'))).toMatchObject({ why: 'replayed' });
    });

    it.each([NOW, NOW - 1, Number.NaN, Number.POSITIVE_INFINITY])(
      'refuses a key to be kept until %s',
      async (until) => {
        await refuses(store.spend({ once: [{ key: 'k-1', until }] }), /until|beyond now/);
        expect(await store.spend(once('k-1'))).toEqual({ ok: true });
      },
    );

    it('remembers a key as long as it was told to, however many come after it [D01]', async () => {
      await store.spend(once('first'));
      for (let n = 0; n < 50; n++) {
        now += 60_000;
        await store.spend({ once: [{ key: `k-${n}`, until: now + 1 }] });
      }
      expect(await store.spend({ once: [{ key: 'first', until: now + HOUR }] })).toMatchObject({ why: 'replayed' });
    });

    it('charges the grant and all that it descends from', async () => {
      await store.createGrant(draft({ budget: euros(1000) }));
      await store.createGrant(draft({ id: 'g-2', parent: 'g-1', budget: euros(600) }));
      await store.createGrant(draft({ id: 'g-3', parent: 'g-1', budget: euros(600) }));
      expect(await store.spend(charge('g-2', 600))).toEqual({ ok: true });
      expect(await store.spend(charge('g-3', 401))).toEqual({ ok: false, why: 'budget' });
      expect(await store.spend(charge('g-3', 400))).toEqual({ ok: true });
      expect(['g-1', 'g-2', 'g-3'].map((id) => store.spent(id))).toEqual([
        { calls: 2, amount: 1000 },
        { calls: 1, amount: 600 },
        { calls: 1, amount: 400 },
      ]);
    });

    it('counts calls up to and including the limit', async () => {
      await store.createGrant(draft({ budget: { calls: 2 } }));
      const results = await Promise.all([1, 2, 3].map(() => store.spend(charge('g-1'))));
      expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
    });

    it('cannot be overspent by 1,000 calls at once', async () => {
      await store.createGrant(draft({ budget: euros(500_000) }));
      const results = await Promise.all(
        Array.from({ length: 1000 }, () => store.spend(charge('g-1', 1999)).catch(String)),
      );
      const passed = results.filter((result) => typeof result !== 'string' && result.ok).length;
      expect(passed).toBe(Math.floor(500_000 / 1999));
      expect(store.spent('g-1')).toEqual({ calls: passed, amount: passed * 1999 });
    });

    it('adds up no amounts where nothing limits them', async () => {
      await store.createGrant(draft({ budget: { calls: 9 } }));
      await store.spend(charge('g-1', Number.MAX_SAFE_INTEGER));
      expect(await store.spend(charge('g-1', Number.MAX_SAFE_INTEGER))).toEqual({ ok: true });
      expect(store.spent('g-1')).toEqual({ calls: 2, amount: 0 });
    });

    it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses to charge %s', async (amount) => {
      await store.createGrant(draft({ budget: euros(500) }));
      await refuses(store.spend(charge('g-1', amount)), /grant\.amount/);
      expect(store.spent('g-1')).toEqual({ calls: 0, amount: 0 });
    });

    it('is for live grants with live ancestors', async () => {
      await store.createGrant(draft());
      await store.createGrant(draft({ id: 'g-2', parent: 'g-1', expiresAt: NOW + 10 }));
      await store.createGrant(draft({ id: 'g-3', parent: 'g-1' }));
      expect(await store.spend(charge('g-0'))).toEqual({ ok: false, why: 'unknown_grant' });
      now += 10;
      expect(await store.spend(charge('g-2'))).toEqual({ ok: false, why: 'expired' });
      expect(await store.spend(charge('g-3'))).toEqual({ ok: true });
      await store.revoke({ kind: 'grant', id: 'g-1' }, why);
      expect(await store.spend(charge('g-3'))).toEqual({ ok: false, why: 'revoked' });
    });

    it('uses up all or nothing', async () => {
      await store.createGrant(draft({ budget: { calls: 1 } }));
      await store.approve(approval);
      await store.spend(charge('g-1'));
      const both = { ...once('k-1'), grant: { id: 'g-1', calls: 1, amount: 0 }, approval: 'a-1' };
      expect(await store.spend(both)).toEqual({ ok: false, why: 'budget' });
      expect(await store.spend({ ...once('k-1'), approval: 'a-0' })).toEqual({ ok: false, why: 'approval' });
      expect(store.approvalFor('g-1', 'erp.pay', digest, NOW)?.used).toBe(false);
      expect(await store.spend(once('k-1'))).toEqual({ ok: true });
    });

    it('does not let one refused write take its neighbours with it', async () => {
      await store.createGrant(draft());
      const results = await Promise.allSettled([
        store.spend(once('a')),
        store.spend({ once: [{ key: 'b', until: 0 }] }),
        store.createGrant(draft()),
        store.spend(once('c')),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
      expect(await store.spend(once('c'))).toMatchObject({ why: 'replayed' });
      expect(await store.spend(once('b'))).toEqual({ ok: true });
    });
  });

  it('knows everything once it is ready, and says no more once it is closed', async () => {
    expect(store.staleness()).not.toBe(Number.POSITIVE_INFINITY);
    await store.close();
    await expect(store.spend(once('k-1'))).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(store.revoke({ kind: 'token', id: 't-1' }, why)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('refuses what is no data', async () => {
    await expect(store.revoke({ kind: 'token', id: (() => 't-1') as never }, why)).rejects.toMatchObject({
      kind: 'refused',
    });
  });
});

it.each(['', 'sqlite:', 'sqlite::memory:', 'postgres://x', 'redis:', 'memory:x'])('opens no store named %o', (name) => {
  expect(() => openStore(name, { log: createLog({ level: 'silent' }) })).toThrow(/memory: or sqlite:FILE/);
});
