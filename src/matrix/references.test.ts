import { describe, expect, it } from 'vitest';
import { matrixOf, mcpRow, row, tcpRow, token, type WrittenMatrix, writeMatrix } from '../../test/fakes/matrix.ts';
import { ConfigError } from '../config/problem.ts';
import { loadMatrix } from './compile.ts';
import type { Hop } from './hop.ts';

/** Every problem of a matrix, without the places. */
function problems(matrix: WrittenMatrix): readonly string[] {
  try {
    loadMatrix(writeMatrix(matrix));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

const ofRow = (over: object) => problems(matrixOf({ a: row(over) }));

function compiled(hops: Record<string, object>, over: object = {}): Hop {
  const [hop] = loadMatrix(writeMatrix(matrixOf(hops, over))).hops.values();
  if (hop === undefined) throw new Error('no row');
  return hop;
}

const GRPC = {
  protocol: 'grpc',
  match: { hosts: ['erp.acme.example'], methods: ['POST'], path: '/acme.Ledger/Post' },
  delegation: { action: 'ledger.post' },
};
const QUEUE = {
  protocol: 'queue.publish',
  match: { hosts: ['q.acme.example'], methods: ['POST'], path: '/topics/{topic}/messages', topic: 'paid' },
  delegation: { action: 'paid.publish' },
};
const OBSERVED = { rollout: { mode: 'observe', until: '2026-12-31' } };

describe('the full schema', () => {
  it.each<[string, object]>([
    ['grpc', row(GRPC)],
    ['mcp', mcpRow()],
    ['tcp by destination', tcpRow()],
    ['tcp by IPv6', tcpRow({ match: { destination: '[2001:db8::1]:5432' } })],
    ['tcp by server name', tcpRow({ match: { sni: 'ledger.acme.example' } })],
    ['queue.publish', row(QUEUE)],
    ['queue.consume', row({ ...QUEUE, protocol: 'queue.consume', credential: token({ type: 'message-claim' }) })],
    ['sdk', row({ protocol: 'sdk', credential: token({ type: 'federated-token' }) })],
    ['a transaction token of the broker', row({ credential: token({ type: 'transaction-token', authority: 'sts' }) })],
    [
      'HTTP without token',
      row({ credential: { type: 'mtls-only', authority: 'mesh' }, delegation: { mode: 'forbidden', action: 'x' } }),
    ],
    ['a JWT-SVID', row({ peer: { from: 'jwt-svid', audience: 'behalf' } })],
    ['dpop', row({ sender: 'dpop' })],
    ['observe', row(OBSERVED)],
    ['retry', row({ onFailure: { retry: { after: '2s' } } })],
  ])('has rows of %s', (_, hop) => {
    expect(problems(matrixOf({ a: hop }))).toEqual([]);
  });

  it('makes of a row that says little one that asks for the most', () => {
    const { sender, peer, delegation, onFailure, rollout, stream, exceptions } = compiled({ a: row() });
    expect({ sender, peer, onFailure, rollout, stream, exceptions }).toEqual({
      sender: 'peer',
      peer: { from: 'connection' },
      onFailure: 'deny',
      rollout: { mode: 'enforce' },
      stream: undefined,
      exceptions: [],
    });
    expect(delegation).toMatchObject({ mode: 'required', grant: 'stored', recheck: false, approval: undefined });
  });

  it('reads all that a row may say', () => {
    const approval = { when: 'always', body: ['/recipient', '/amount'] };
    const hop = compiled({
      a: row({
        ...OBSERVED,
        delegation: { action: 'pay', grant: 'stored', recheck: 'every-use', approval },
        onFailure: { retry: { after: '2s' } },
        stream: { maxDuration: '5m' },
      }),
    });
    expect(hop).toMatchObject({
      delegation: { recheck: true, approval: { ...approval, maxBytes: 8192 } },
      revocation: { by: ['token', 'grant', 'agent'], within: 1 },
      onFailure: { retry: { after: 2 } },
      stream: { maxDuration: 300 },
    });
  });

  it('takes days to their end, in UTC', () => {
    expect(compiled({ a: row(OBSERVED) }).rollout).toEqual({ mode: 'observe', until: Date.UTC(2027, 0, 1) });
  });

  it('gives an mtls-only row nothing that a token could fit', () => {
    const { credential, match } = compiled({ a: tcpRow() });
    expect(credential).toMatchObject({ issuer: '', audience: '', scopes: [], maxLifetime: 0 });
    expect(match).toMatchObject({ hosts: [], methods: [], path: undefined, destination: '10.0.0.5:5432' });
  });

  it('hands each row its own exceptions, frozen', () => {
    const exceptions = [
      { hop: 'a', rule: 'unbound-sender', owner: 'crm', reason: 'vendor', expires: '2026-11-30' },
      { hop: 'b', rule: 'static-credential', owner: 'crm', reason: 'vendor', expires: '2027-03-31' },
    ];
    const hop = compiled({ a: row({ sender: 'none' }), b: mcpRow() }, { exceptions });
    expect(hop.exceptions).toEqual([
      { rule: 'unbound-sender', owner: 'crm', reason: 'vendor', expires: Date.UTC(2026, 11, 1) },
    ]);
    expect([hop, hop.exceptions, hop.exceptions[0], hop.match.path, hop.rollout].every(Object.isFrozen)).toBe(true);
  });
});

describe('a row is refused for', () => {
  it.each<[string, object, string]>([
    [
      'no host',
      { match: { methods: ['GET'], path: '/a' } },
      'hops.a.match: the key "hosts" is missing: a row of protocol http needs it',
    ],
    ['no path', { match: { hosts: ['h'], methods: ['GET'] } }, 'the key "path" is missing'],
    [
      'a topic over HTTP',
      { match: { hosts: ['h'], methods: ['GET'], path: '/{topic}', topic: 't' } },
      'a row of protocol http has no topic; remove it',
    ],
    [
      'a destination over HTTP',
      { match: { hosts: ['h'], methods: ['GET'], path: '/', destination: '10.0.0.1:1' } },
      'has no destination',
    ],
    [
      'mcp keys over HTTP',
      { match: { hosts: ['h'], methods: ['GET'], path: '/', mcp: { methods: ['ping'] } } },
      'has no mcp',
    ],
    [
      'a gRPC path of one segment',
      { ...GRPC, match: { ...GRPC.match, path: '/acme.Ledger' } },
      'a gRPC path is /package.Service/Method',
    ],
    [
      'a gRPC path with a tail',
      { ...GRPC, match: { ...GRPC.match, path: '/acme.Ledger/{m+}' } },
      'a gRPC path is /package.Service/Method',
    ],
    ['gRPC by GET', { ...GRPC, match: { ...GRPC.match, methods: ['GET'] } }, 'a gRPC request is always a POST'],
    [
      'approved body fields over gRPC',
      { ...GRPC, delegation: { action: 'x', approval: { when: 'always', body: ['/a'] } } },
      'delegation.approval.body: a gRPC request has no JSON body',
    ],
    [
      'a topic that the path does not show',
      { ...QUEUE, match: { ...QUEUE.match, path: '/messages' } },
      'the path has no segment {topic}',
    ],
    ['a topic that no one segment can show', { ...QUEUE, match: { ...QUEUE.match, topic: 'a/b' } }, 'needs {topic+}'],
    ['a message-claim over HTTP', { credential: token({ type: 'message-claim' }) }, 'use it on queue rows'],
    [
      'an mtls-only credential with an audience',
      { credential: { type: 'mtls-only', authority: 'mesh', audience: 'x' } },
      'unknown key "hops.a.credential.audience"',
    ],
    [
      'an mtls-only credential of an identity provider',
      { credential: { type: 'mtls-only', authority: 'idp' } },
      'issues no certificates; name one of kind spiffe',
    ],
    [
      'a token of the mesh',
      { credential: token({ authority: 'mesh' }) },
      'issues no tokens; name one of kind oidc or broker',
    ],
    [
      'delegation without token',
      { credential: { type: 'mtls-only', authority: 'mesh' } },
      'hops.a.delegation.mode: an mtls-only row has no token',
    ],
    [
      'a bound token where there is none',
      { credential: { type: 'mtls-only', authority: 'mesh' }, sender: 'mtls' },
      'has no token to bind; use peer',
    ],
    [
      'a JWT-SVID as certificate',
      { credential: { type: 'mtls-only', authority: 'mesh' }, peer: { from: 'jwt-svid', audience: 'x' } },
      'rests on the connection',
    ],
    [
      'a token bound to the certificate of who shows none',
      { sender: 'mtls', peer: { from: 'jwt-svid', audience: 'x' } },
      'shows no certificate to bind to',
    ],
    ['a JWT-SVID for no audience', { peer: { from: 'jwt-svid' } }, 'the key "hops.a.peer.audience" is missing'],
    ['asserted grants by who may not', { delegation: { action: 'x', grant: 'token' } }, 'may not assert grants'],
    ['both grants by who may not', { delegation: { action: 'x', grant: 'both' } }, 'may not assert grants'],
    [
      'a recheck of what no store has',
      { credential: token({ authority: 'sts' }), delegation: { action: 'x', grant: 'token', recheck: 'every-use' } },
      'delegation.recheck: needs a stored grant',
    ],
    [
      'an approval of what no store has',
      {
        credential: token({ authority: 'sts' }),
        delegation: { action: 'x', grant: 'token', approval: { when: 'policy' } },
      },
      'delegation.approval: needs a stored grant',
    ],
    [
      'an approval where delegation is forbidden',
      { delegation: { mode: 'forbidden', action: 'x', approval: { when: 'policy' } } },
      'delegation.approval: a row that forbids delegation reads no grant',
    ],
    [
      'an approval of the whole body',
      { delegation: { action: 'x', approval: { when: 'always', body: [''] } } },
      'must be a JSON pointer such as /amount',
    ],
    [
      'an approval of nothing that is a pointer',
      { delegation: { action: 'x', approval: { when: 'always', body: ['/a~2'] } } },
      'must be a JSON pointer',
    ],
    [
      'an approval of more than is read',
      { delegation: { action: 'x', approval: { when: 'always', maxBytes: 2 ** 30 } } },
      'must be a whole number from 1 to 1048576',
    ],
    ['another recheck', { delegation: { action: 'x', recheck: 'sometimes' } }, 'must be every-use, or left out'],
    ['observation without end', { rollout: { mode: 'observe' } }, 'the key "hops.a.rollout.until" is missing'],
    ['a day that is none', { rollout: { mode: 'observe', until: '2026-02-30' } }, 'must be a day such as 2026-12-31'],
    [
      'a time as a day',
      { rollout: { mode: 'observe', until: '2026-12-31T12:00:00Z' } },
      'must be a day such as 2026-12-31',
    ],
    [
      'two things to do in a fault',
      { onFailure: { retry: { after: '1s' }, degrade: { to: 'b' } } },
      'onFailure: must have exactly one of retry and degrade',
    ],
    [
      'letting pass in a fault',
      { onFailure: 'allow' },
      'onFailure: must be deny, {retry: {after: 2s}} or {degrade: {to: ROW}}',
    ],
    [
      'a misspelt thing to do in a fault',
      { onFailure: { retyr: { after: '1s' } } },
      'unknown key "hops.a.onFailure.retyr"; did you mean "retry"?',
    ],
    ['a retry next week', { onFailure: { retry: { after: '7d' } } }, 'onFailure.retry.after: must be at most 1h'],
    [
      'nothing bound, and nobody who owns that',
      { sender: 'none' },
      'hops.a.sender: none needs an entry in exceptions with rule: unbound-sender',
    ],
    ['revocation by nothing', { revocation: { by: [], within: '1s' } }, 'revocation.by: must name at least one'],
    ['an exchange', { exchange: {} }, 'the key "hops.a.exchange" is not in this version'],
  ])('%s', (_, over, problem) => {
    expect(ofRow(over).join('\n')).toContain(problem);
  });

  it.each<[string, object, string]>([
    ['a path', { match: { path: '/', destination: '10.0.0.1:1' } }, 'a row of protocol tcp has no path'],
    ['nothing to know it by', { match: {} }, 'needs a destination, an sni, or both'],
    ['a token', { credential: token() }, 'a connection carries no token; use mtls-only'],
    ['a JWT-SVID', { peer: { from: 'jwt-svid', audience: 'x' } }, 'a connection carries no header'],
    ['a retry that nobody is told of', { onFailure: { retry: { after: '1s' } } }, 'told nothing; use deny'],
    ['a destination that is a name', { match: { destination: 'db:5432' } }, 'must be IP:PORT'],
    ['a destination that Envoy writes otherwise', { match: { destination: '[2001:DB8::1]:1' } }, 'must be IP:PORT'],
    ['an address in long form', { match: { destination: '[2001:db8:0:0::1]:1' } }, 'must be IP:PORT'],
    ['a port that is none', { match: { destination: '10.0.0.1:65536' } }, 'must be IP:PORT'],
    ['a server name with a wildcard', { match: { sni: '*.acme.example' } }, 'must be a server name'],
    ['an address as server name', { match: { sni: '10.0.0.1' } }, 'must be a server name'],
  ])('tcp: %s', (_, over, problem) => {
    expect(problems(matrixOf({ a: tcpRow(over) })).join('\n')).toContain(problem);
  });

  it.each<[string, object, object, string]>([
    ['no messages', {}, { match: { hosts: ['h'], methods: ['POST'], path: '/' } }, 'the key "mcp" is missing'],
    ['tools that nothing calls', { methods: ['ping'] }, {}, 'tools count for tools/call alone'],
    ['a method that is none', { methods: ['Tools Call'] }, {}, 'must be a JSON-RPC method'],
    [
      'PUT',
      {},
      { match: { hosts: ['h'], methods: ['PUT'], path: '/', mcp: { methods: ['ping'] } } },
      'uses POST, GET and DELETE',
    ],
    [
      'an audience that is no URL',
      {},
      { credential: token({ audience: 'tickets' }) },
      'must be the https URL of the MCP server',
    ],
  ])('mcp: %s', (_, mcp, over, problem) => {
    expect(problems(matrixOf({ a: mcpRow(mcp, over) })).join('\n')).toContain(problem);
  });
});

describe('degrade', () => {
  const to = (target: object, over: object = {}, routing = 'explicit') =>
    problems(matrixOf({ a: row({ onFailure: { degrade: { to: 'b' } }, ...over }), b: target }, { routing }));
  const path = (text: string) => ({ match: { hosts: ['erp.acme.example'], methods: ['GET', 'HEAD'], path: text } });

  it.each([
    ['the same path', '/v1/regions/{r}/invoices/{i}'],
    ['a tail', '/v1/regions/{rest+}'],
  ])('may name a row for the same requests: %s', (_, text) => {
    expect(to(row({ ...path(text), delegation: { action: 'invoices.summary' } }))).toEqual([]);
  });

  it('refuses to degrade to an observed row', () => {
    const target = { ...path('/v1/regions/{r}/invoices/{i}'), delegation: { action: 'invoices.summary' } };
    expect(to(row({ ...target, rollout: { mode: 'observe', until: '2099-01-01' } })).join('\n')).toContain(
      'row "b" is only observed (rollout); a fallback enforces',
    );
    expect(to(row({ ...target, rollout: { mode: 'enforce' } }))).toEqual([]);
  });

  it.each<[string, readonly string[], string]>([
    [
      'a row that is not there',
      problems(matrixOf({ a: row({ onFailure: { degrade: { to: 'bb' } } }) })),
      'there is no row "bb"',
    ],
    ['itself', problems(matrixOf({ a: row({ onFailure: { degrade: { to: 'a' } } }) })), 'this is the row itself'],
    ['a row that degrades too', to(row({ onFailure: { degrade: { to: 'a' } } })), 'row "b" degrades too'],
    [
      'a row that writes',
      to(
        row({
          match: { hosts: ['erp.acme.example'], methods: ['GET', 'POST'], path: '/v1/{rest+}' },
          delegation: { action: 'x' },
        }),
      ),
      'does more than GET and HEAD',
    ],
    [
      'a row for fewer paths',
      to(row({ ...path('/v1/regions/eu/invoices/{i}'), delegation: { action: 'x' } })),
      'is not for the same requests',
    ],
    [
      'a row for another host',
      to(
        row({
          match: { hosts: ['other.example'], methods: ['GET'], path: '/v1/{rest+}' },
          delegation: { action: 'x' },
        }),
      ),
      'is not for the same requests',
    ],
    [
      'a row that match cannot choose',
      to(row({ ...path('/v1/regions/{rest+}'), delegation: { action: 'x' } }), {}, 'match'),
      'needs routing: explicit',
    ],
  ])('may not name %s', (_, found, problem) => {
    expect(found.join('\n')).toContain(problem);
  });
});

describe('exceptions', () => {
  const entry = (over: object) => ({
    hop: 'a',
    rule: 'static-credential',
    owner: 'crm',
    reason: 'why',
    expires: '2027-03-31',
    ...over,
  });
  it.each<[string, object[], string]>([
    ['a row that is not there', [entry({ hop: 'aa' })], 'exceptions[0].hop: there is no row "aa"'],
    ['a rule that is not there', [entry({ rule: 'everything' })], '"everything" is not accepted; use unbound-sender'],
    [
      'the same twice',
      [entry({}), entry({})],
      'exceptions[1]: row "a" has an exception from static-credential already',
    ],
    ['nobody who owns it', [entry({ owner: undefined })], 'the key "exceptions[0].owner" is missing'],
    ['no end', [entry({ expires: undefined })], 'the key "exceptions[0].expires" is missing'],
    ['another rule than the row breaks', [entry({})], 'none needs an entry in exceptions'],
  ])('are refused for %s', (_, exceptions, problem) => {
    expect(problems(matrixOf({ a: row({ sender: 'none' }) }, { exceptions })).join('\n')).toContain(problem);
  });
});

describe('rows of other protocols for the same request [E22]', () => {
  const both = (a: object, b: object, routing = 'match') => problems(matrixOf({ a, b }, { routing })).join('\n');
  const same = 'row "a" is for the same requests';

  it.each<[string, object, object]>([
    ['HTTP and what is HTTP on the wire', row(), row({ protocol: 'sdk' })],
    ['one tool in two MCP rows', mcpRow({ tools: ['a', 'search'] }), mcpRow()],
    [
      'one method in two MCP rows',
      mcpRow({ methods: ['ping'], tools: [] }),
      mcpRow({ methods: ['ping', 'tools/call'] }),
    ],
    [
      'MCP and HTTP at one endpoint',
      mcpRow(),
      row({ match: { hosts: ['tickets.acme.example'], methods: ['POST'], path: '/mcp' }, delegation: { action: 'x' } }),
    ],
    ['one destination', tcpRow(), tcpRow()],
    [
      'a destination, and the same with a server name',
      tcpRow(),
      tcpRow({ match: { destination: '10.0.0.5:5432', sni: 'db' } }),
    ],
    ['a destination and a server name', tcpRow(), tcpRow({ match: { sni: 'db' } })],
    ['one topic', row(QUEUE), row(QUEUE)],
    ['a topic and any topic', row(QUEUE), row({ ...QUEUE, match: { ...QUEUE.match, topic: undefined } })],
  ])('are refused: %s', (_, a, b) => {
    expect(both(a, b)).toContain(same);
  });

  it('are refused where MCP rows share a stream, which shows no message', () => {
    const get = (tool: string) =>
      mcpRow(
        {},
        {
          match: {
            hosts: ['tickets.acme.example'],
            methods: ['POST', 'GET'],
            path: '/mcp',
            mcp: { methods: ['tools/call'], tools: [tool] },
          },
        },
      );
    expect(both(get('a'), get('b'))).toContain(same);
  });

  it.each<[string, object, object]>([
    ['HTTP and gRPC', row({ match: GRPC.match, delegation: { action: 'x' } }), row(GRPC)],
    ['two tools', mcpRow({ tools: ['a'] }), mcpRow()],
    ['two topics', row(QUEUE), row({ ...QUEUE, match: { ...QUEUE.match, topic: 'due' } })],
    [
      'two server names at one destination',
      tcpRow({ match: { destination: '10.0.0.5:1', sni: 'a' } }),
      tcpRow({ match: { destination: '10.0.0.5:1', sni: 'b' } }),
    ],
    ['two destinations', tcpRow(), tcpRow({ match: { destination: '10.0.0.6:5432' } })],
  ])('are not: %s', (_, a, b) => {
    expect(both(a, b)).toBe('');
    expect(both(a, b, 'explicit')).toBe('');
  });
});
