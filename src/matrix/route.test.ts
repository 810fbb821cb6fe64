import { describe, expect, it } from 'vitest';
import type { CheckInput } from '../request/check-input.ts';
import type { Hop, Matrix } from './hop.ts';
import { matchPath, parsePathTemplate } from './path-template.ts';
import { route } from './route.ts';

const hop = (id: string, path: string, protocol: 'http' | 'grpc' = 'http') =>
  ({
    id,
    protocol,
    match: { hosts: ['h'], methods: ['GET', 'POST'], path: parsePathTemplate(path) },
  }) as unknown as Hop;

const matrix = (routing: 'explicit' | 'match', ...hops: Hop[]) =>
  ({ routing, hops: new Map(hops.map((row) => [row.id, row])) }) as unknown as Matrix;

const input = (path: string, over: Partial<CheckInput> = {}) =>
  ({ method: 'GET', host: 'h', isGrpc: false, segments: path.slice(1).split('/'), ...over }) as CheckInput;

describe('route', () => {
  const explicit = matrix('explicit', hop('a', '/v1/{x}'), hop('b', '/v1/{x}/{rest+}'));
  const byMatch = matrix('match', hop('a', '/v1/{x}'), hop('b', '/v1/{y}'), hop('c', '/v2/{rest+}'));

  it.each<[string, Matrix, CheckInput, string]>([
    ['no row named (E22)', explicit, input('/v1/1'), 'hop_unknown'],
    ['a row that is not there (E22)', explicit, input('/v1/1', { namedHop: 'zz' }), 'hop_unknown'],
    ['a named row that does not match', explicit, input('/v1/1/2', { namedHop: 'a' }), 'hop_mismatch'],
    ['another method', explicit, input('/v1/1', { namedHop: 'a', method: 'PUT' }), 'hop_mismatch'],
    ['another host', explicit, input('/v1/1', { namedHop: 'a', host: 'g' }), 'hop_mismatch'],
    ['gRPC on an HTTP row', explicit, input('/v1/1', { namedHop: 'a', isGrpc: true }), 'hop_mismatch'],
    ['two rows that match', byMatch, input('/v1/1'), 'hop_ambiguous'],
    ['no row that matches', byMatch, input('/v3/1'), 'hop_unknown'],
    ['an empty segment for a name', explicit, input('/v1/', { namedHop: 'a' }), 'hop_mismatch'],
  ])('refuses %s', (_, rows, request, code) => {
    expect(() => route(request, rows)).toThrow(code);
  });

  it('gives the row and its parameters', () => {
    expect(route(input('/v1/7', { namedHop: 'a' }), explicit)).toMatchObject({ hop: { id: 'a' }, params: { x: '7' } });
    expect(route(input('/v2/7/8'), byMatch)).toMatchObject({ hop: { id: 'c' }, params: { rest: '7/8' } });
  });
});

describe('path templates', () => {
  it.each(['v1', '/a//b', '/{a}/{a}', '/{rest+}/x', '/{A}', '/..', '/a%20'])('refuses %s', (text) => {
    expect(() => parsePathTemplate(text)).toThrow();
  });

  it('decodes a parameter once', () => {
    expect(matchPath(parsePathTemplate('/{name}'), ['caf%C3%A9'])).toMatchObject({ name: 'café' });
  });
});
