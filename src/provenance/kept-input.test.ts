import { describe, expect, it } from 'vitest';
import { CANARY, fullTrail } from '../../test/fakes/trail.ts';
import type { McpCall } from '../request/check-input.ts';
import { type KeepOptions, keptInput } from './kept-input.ts';
import type { Trail } from './trail.ts';

const REDACTED: KeepOptions = { detail: 'redacted', labelOf: () => 'pseudonym', isPlain: false };
const FULL: KeepOptions = { ...REDACTED, detail: 'full' };

function withBatch(calls: readonly McpCall[]): Trail {
  const { routed } = fullTrail() as Required<Trail>;
  return fullTrail({ routed: { ...routed, mcp: calls } });
}

const pay: McpCall = { method: 'tools/call', tool: 'pay', arguments: { secret: CANARY } };
const list: McpCall = { method: 'tools/list', tool: undefined, arguments: undefined };

describe('what a record keeps of the input', () => {
  it('is what policy saw, without a value of claims, headers, query, arguments or body [T07]', () => {
    const kept = keptInput(fullTrail(), REDACTED);
    expect(JSON.stringify(kept)).not.toContain(CANARY);
    expect(kept?.input).toMatchObject({
      version: 1,
      hop: { id: 'erp.invoices.read', action: 'invoices.read' },
      subject: { id: 'pseudonym', issuer: 'https://idp.acme.example' },
      token: { scopes: ['invoices:read'] },
      grant: { id: 'grant-7', actions: ['invoices.read'], context: { region: 'eu' } },
      request: { method: 'GET', path: '/v1/regions/eu/invoices/inv-7', body: { state: 'ok' } },
      time: 1_795_348_800.999,
    });
  });

  it('names every part that it leaves out or replaces, so that a replay cannot guess', () => {
    const { input: asked } = (fullTrail() as Required<Trail>).asked;
    const kept = keptInput(fullTrail(), REDACTED);
    expect(kept?.erased).toEqual([
      '/input/subject/claims',
      '/input/grant/context/purpose',
      '/input/request/query',
      '/input/request/headers',
      '/input/request/body/json',
    ]);
    expect(kept?.masked).toEqual(['/input/subject/id']);
    // Whatever else differs from what policy saw would be a lie.
    const put = (node: unknown, parts: readonly string[], value: unknown): void => {
      const [key = '', ...rest] = parts;
      const fields = node as Record<string, unknown>;
      if (rest.length === 0) fields[key] = value;
      else put(fields[key], rest, value);
    };
    const restored: unknown = JSON.parse(JSON.stringify({ input: kept?.input }));
    for (const pointer of [...(kept?.erased ?? []), ...(kept?.masked ?? [])]) {
      const parts = pointer.slice(1).split('/');
      const original = parts.slice(1).reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], asked);
      put(restored, parts, original);
    }
    expect(restored).toEqual(JSON.parse(JSON.stringify({ input: asked })));
  });

  it('says nothing of a part that was empty: policy saw what the record shows', () => {
    const { input, identity } = fullTrail() as Required<Trail>;
    const empty = { ...input, query: {}, headers: {}, body: () => ({ state: 'absent' }) as const };
    const bare = { ...identity, subject: { ...identity.subject, claims: {} } };
    const kept = keptInput(fullTrail({ input: empty, identity: bare, grant: undefined }), REDACTED);
    expect(kept?.erased).toEqual([]);
    expect(kept?.input).toMatchObject({ subject: { claims: {} }, grant: null, request: { headers: {}, query: {} } });
  });

  it('shortens what a client can make long, and says so', () => {
    const { input, identity } = fullTrail() as Required<Trail>;
    const scopes = Array.from({ length: 2000 }, (_, index) => `scope:${index}`);
    const long = { ...input, path: `/${'a'.repeat(5000)}` };
    const wide = { ...identity, token: { ...identity.token, scopes } };
    const kept = keptInput(fullTrail({ input: long, identity: wide }), REDACTED);
    expect(kept?.masked).toContain('/input/request/path');
    for (const part of ['request/segments', 'request/params', 'token/scopes'])
      expect(kept?.erased).toContain(`/input/${part}`);
    expect(JSON.stringify(kept).length).toBeLessThan(8000);
  });

  it('measures a list by its length as JSON', () => {
    const { identity } = fullTrail() as Required<Trail>;
    const erasedWith = (scope: string): readonly string[] | undefined => {
      const wide = { ...identity, token: { ...identity.token, scopes: [scope] } };
      return keptInput(fullTrail({ identity: wide }), REDACTED)?.erased;
    };
    expect(erasedWith('\u0001'.repeat(1000))).toContain('/input/token/scopes');
    expect(erasedWith('a'.repeat(4093))).toContain('/input/token/scopes');
    expect(erasedWith('a'.repeat(4092))).not.toContain('/input/token/scopes');
  });

  it('names a person who approved as it names the subject [T11]', () => {
    const { grant } = fullTrail() as Required<Trail>;
    const approved = grant && { ...grant, approval: { id: 'a-1', approver: 'bob@acme.example', at: 1 } };
    const kept = keptInput(fullTrail({ grant: approved }), REDACTED);
    expect(JSON.stringify(kept)).not.toContain('bob');
    expect(kept?.masked).toContain('/input/grant/approval/approver');
  });

  it('has each element of an MCP batch, and never an argument [T07]', () => {
    const kept = keptInput(withBatch([pay, list, pay]), REDACTED);
    expect(kept?.input).toMatchObject({
      mcp: { method: 'tools/call', tool: 'pay' },
      batch: [
        { method: 'tools/list', tool: null, arguments: null },
        { method: 'tools/call', tool: 'pay' },
      ],
    });
    expect(kept?.erased).toEqual(expect.arrayContaining(['/input/mcp/arguments', '/input/batch/1/arguments']));
    expect(JSON.stringify(kept)).not.toContain(CANARY);
    const many = keptInput(withBatch(Array.from({ length: 40 }, () => list)), REDACTED);
    expect(many?.input.batch).toHaveLength(31);
    expect(many?.erased).toContain('/input/batch');
  });

  it('is all of it where provenance.input is full', () => {
    const trail = withBatch([pay, pay]);
    const kept = keptInput(trail, FULL);
    const { batch, ...input } = kept?.input ?? {};
    expect(input).toEqual(trail.asked?.input);
    expect(batch).toEqual([{ method: 'tools/call', tool: 'pay', arguments: { secret: CANARY } }]);
    expect(kept).toMatchObject({ erased: [], masked: [] });
  });

  it('is what is known of the request where policy was not asked', () => {
    const { asked: _, ...early } = fullTrail();
    expect(keptInput(early, FULL)).toEqual({
      input: {
        hop: { id: 'erp.invoices.read' },
        request: {
          method: 'GET',
          host: 'erp.acme.example',
          path: '/v1/regions/eu/invoices/inv-7',
          params: { region: 'eu', invoice: 'inv-7' },
        },
        mcp: undefined,
        batch: undefined,
      },
      erased: [],
      masked: [],
    });
  });
});
