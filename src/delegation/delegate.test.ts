import { describe, expect, it } from 'vitest';
import type { Identity } from '../identity/identity.ts';
import type { ContextSource, RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import type { Store } from '../store/store.ts';
import { delegate } from './delegate.ts';

const NOW = 1_800_000_000_000;
const ERP = 'https://erp.acme.example';
const REGION: ContextSource = { from: 'path', name: 'region' };

interface Row {
  readonly mode?: 'required' | 'optional' | 'forbidden';
  readonly grants?: boolean;
  readonly context?: Record<string, ContextSource>;
}

const routed = ({ mode = 'required', grants = true, context = { region: REGION } }: Row = {}) =>
  ({
    hop: {
      credential: { audience: ERP, authority: { grants } },
      delegation: { mode, grant: 'token', action: 'invoices.read', context },
    },
    params: { region: 'eu' },
  }) as unknown as RoutedHop;

const who = (authorizationDetails: unknown, actor: object | undefined = { id: 'spiffe://td/a' }) =>
  ({ actor, token: { authorizationDetails }, once: [] }) as unknown as Identity;

/** Of a grant in a token, the store knows whether it was revoked by its id. */
const EMPTY = { isGrantRevoked: (id: string) => id === 'g-revoked' } as unknown as Store;

const grant = (over: object = {}) => ({
  type: 'behalf_grant',
  id: 'g-1',
  task: 't-1',
  actions: ['invoices.read'],
  target: ERP,
  context: { region: 'eu' },
  expires_at: NOW / 1000 + 60,
  ...over,
});

const request = (over: object = {}) =>
  ({ headers: {}, query: {}, rawQuery: '', body: () => ({ state: 'absent' }), ...over }) as unknown as CheckInput;

function outcome(identity: Identity, row: RoutedHop = routed(), input: CheckInput = request()): string {
  try {
    return delegate(identity, row, input, { store: EMPTY, now: NOW }).grant?.id ?? 'no grant';
  } catch (error) {
    return error instanceof Refusal ? error.code : `threw ${String(error)}`;
  }
}

describe('delegate', () => {
  it('finds the grant that covers the request', () => {
    expect(outcome(who([grant()]))).toBe('g-1');
    expect(outcome(who([{ type: 'other' }, grant({ id: 'g-2', actions: ['x'] }), grant()]))).toBe('g-1');
  });

  it.each<[string, unknown, string]>([
    ['no details', undefined, 'grant_missing'],
    ['no grant among them', [{ type: 'other' }], 'grant_missing'],
    ['another action (A06)', [grant({ actions: ['invoices.write'] })], 'grant_scope'],
    ['another target (A06, A11)', [grant({ target: 'https://crm.acme.example' })], 'grant_scope'],
    ['another region (A06)', [grant({ context: { region: 'us' } })], 'grant_scope'],
    ['a region in capitals (A06)', [grant({ context: { region: 'EU' } })], 'grant_scope'],
    ['no region (A06)', [grant({ context: {} })], 'grant_scope'],
    // As JSON, because that is how it comes: a member like any other.
    [
      'a limit that is called like a part of every object [J11]',
      [grant({ context: JSON.parse('{"region":"eu","__proto__":"1"}') as object })],
      'grant_scope',
    ],
    ['a limit that the row does not read', [grant({ context: { region: 'eu', cost: '1' } })], 'grant_scope'],
    ['an expired grant (A06)', [grant({ expires_at: NOW / 1000 })], 'grant_expired'],
    ['a budget that nobody can spend from', [grant({ budget: { calls: 1 } })], 'grant_invalid'],
    ['a member that is not known', [grant({ unless: 'x' })], 'grant_invalid'],
    ['expires_at as text', [grant({ expires_at: '9' })], 'grant_invalid'],
    ['expires_at in the year 10^300', [grant({ expires_at: 1e308 })], 'grant_invalid'],
    ['context null', [grant({ context: null })], 'grant_invalid'],
    ['no expires_at', [grant({ expires_at: undefined })], 'grant_invalid'],
    ['no actions', [grant({ actions: [] })], 'grant_invalid'],
    ['actions as text', [grant({ actions: 'invoices.read' })], 'grant_invalid'],
    ['no id', [grant({ id: undefined })], 'grant_invalid'],
    ['context as a list', [grant({ context: ['eu'] })], 'grant_invalid'],
    ['context that is not text', [grant({ context: { region: ['eu'] } })], 'grant_invalid'],
    ['details that are no list', grant(), 'grant_invalid'],
    ['a detail that is no object', ['behalf_grant'], 'grant_invalid'],
    ['17 grants', Array.from({ length: 17 }, () => grant()), 'grant_invalid'],
  ])('refuses %s', (_, details, code) => {
    expect(outcome(who(details))).toBe(code);
  });

  it('refuses a grant that was revoked by its id, and takes another one beside it [A06]', () => {
    expect(outcome(who([grant({ id: 'g-revoked' })]))).toBe('grant_revoked');
    expect(outcome(who([grant({ id: 'g-revoked' }), grant()]))).toBe('g-1');
  });

  it('demands an actor where the row does (A03)', () => {
    expect(outcome({ ...who([grant()]), actor: undefined })).toBe('actor_missing');
    expect(outcome({ ...who([grant()]), actor: undefined }, routed({ mode: 'optional' }))).toBe('no grant');
    expect(outcome(who(undefined), routed({ mode: 'optional' }))).toBe('grant_missing');
    expect(outcome(who([grant()]), routed({ mode: 'forbidden' }))).toBe('delegation_forbidden');
  });

  it('does not believe an authority that may not grant', () => {
    expect(outcome(who([grant()]), routed({ grants: false }))).toBe('grant_missing');
  });

  it.each<[string, ContextSource, object, string]>([
    ['a query value', { from: 'query', name: 'r' }, { query: { r: ['eu'] }, rawQuery: 'r=eu' }, 'g-1'],
    ['a query value given twice', { from: 'query', name: 'r' }, { query: { r: ['eu', 'us'] } }, 'grant_scope'],
    [
      'a query with a semicolon',
      { from: 'query', name: 'r' },
      { query: { r: ['eu'] }, rawQuery: 'r=eu&x=1;r=us' },
      'grant_scope',
    ],
    ['a header', { from: 'header', name: 'x-region' }, { headers: { 'x-region': 'eu' } }, 'g-1'],
    ['a header given twice', { from: 'header', name: 'x-region' }, { headers: { 'x-region': 'eu,us' } }, 'grant_scope'],
    ['no such header', { from: 'header', name: 'toString' }, {}, 'grant_scope'],
    [
      'a body member',
      { from: 'body', name: '/to/0/region' },
      { body: () => ({ state: 'ok', json: { to: [{ region: 'eu' }] } }) },
      'g-1',
    ],
    ['no such body member', { from: 'body', name: '/to' }, { body: () => ({ state: 'ok', json: {} }) }, 'grant_scope'],
    [
      'an inherited body member',
      { from: 'body', name: '/constructor' },
      { body: () => ({ state: 'ok', json: {} }) },
      'grant_scope',
    ],
    [
      'a body member that is an object',
      { from: 'body', name: '/a' },
      { body: () => ({ state: 'ok', json: { a: {} } }) },
      'grant_scope',
    ],
    ['half a body (E16)', { from: 'body', name: '/a' }, { body: () => ({ state: 'truncated' }) }, 'body_truncated'],
    [
      'an unreadable body (E17)',
      { from: 'body', name: '/a' },
      { body: () => ({ state: 'invalid' }) },
      'body_unparseable',
    ],
    ['no body', { from: 'body', name: '/a' }, {}, 'body_unparseable'],
    [
      'a body member given twice [E18]',
      { from: 'body', name: '/a' },
      { body: () => ({ state: 'invalid', isAmbiguous: true }) },
      'body_ambiguous',
    ],
    ['a query alias in capitals', { from: 'query', name: 'r' }, { query: { r: ['eu'], R: ['us'] } }, 'grant_scope'],
    ['a query list', { from: 'query', name: 'r' }, { query: { r: ['eu'], 'r[]': ['us'] } }, 'grant_scope'],
    ['a query alias with a space', { from: 'query', name: 'r' }, { query: { r: ['eu'], ' r': ['us'] } }, 'grant_scope'],
    ['a query alias with a NUL', { from: 'query', name: 'r' }, { query: { r: ['eu'], 'r\0x': ['us'] } }, 'grant_scope'],
    ['another query name beside it', { from: 'query', name: 'r' }, { query: { r: ['eu'], rr: ['us'] } }, 'g-1'],
    [
      'a header with an underscore twin',
      { from: 'header', name: 'x-r' },
      { headers: { 'x-r': 'eu', x_r: 'us' } },
      'grant_scope',
    ],
    [
      'a body member in two spellings (E18)',
      { from: 'body', name: '/a' },
      { body: () => ({ state: 'ok', json: { a: 'eu', A: 'us' } }) },
      'body_ambiguous',
    ],
    [
      'a body member and its long-s twin (E18)',
      { from: 'body', name: '/region/s' },
      { body: () => ({ state: 'ok', json: { region: { s: 'eu', ſ: 'us' } } }) },
      'body_ambiguous',
    ],
  ])('takes context from %s', (_, source, over, expected) => {
    expect(outcome(who([grant()]), routed({ context: { region: source } }), request(over))).toBe(expected);
  });

  it.each([
    ['9007199254740992', Number('9007199254740993')],
    ['9007199254740993', Number('9007199254740993')],
    ['null', Number.POSITIVE_INFINITY],
    ['null', null],
    ['0', -0],
    ['1.5', 1.5],
    ['[object Object]', {}],
  ])('compares no grant for %s with a number that parsers hold differently', (granted, value) => {
    const row = routed({ context: { region: { from: 'body', name: '/a' } } });
    const input = request({ body: () => ({ state: 'ok', json: { a: value } }) });
    expect(outcome(who([grant({ context: { region: granted } })]), row, input)).toBe('grant_scope');
  });

  it.each([
    ['42', 42],
    ['true', true],
    ['eu', 'eu'],
  ])('compares a grant for %s with the same in the body', (granted, value) => {
    const row = routed({ context: { region: { from: 'body', name: '/a' } } });
    const input = request({ body: () => ({ state: 'ok', json: { a: value } }) });
    expect(outcome(who([grant({ context: { region: granted } })]), row, input)).toBe('g-1');
  });

  it('takes no context from what a body member inherits (J11)', () => {
    const body = { state: 'ok', json: { list: [] } };
    const row = routed({ context: { region: { from: 'body', name: '/list/__proto__/length' } } });
    expect(outcome(who([grant({ context: { region: '0' } })]), row, request({ body: () => body }))).toBe('grant_scope');
  });
});
