import { parseContextSource } from '../context-source.ts';
import { parsePathTemplate } from '../path-template.ts';
import type { HopFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';
import { hint } from './hint.ts';

/** What a row reads of the request is where its protocol and path show it. */
export function* checkDelegation({ protocol, match, delegation }: HopFile): Generator<Contradiction> {
  const names = match.path === undefined ? [] : parsePathTemplate(match.path).names;
  const hasBody = protocol !== 'grpc';
  for (const [key, source] of Object.entries(delegation.context)) {
    const keys = ['delegation', 'context', key];
    const { from, name } = parseContextSource(source);
    if (from === 'path' && !names.includes(name)) {
      yield { keys, message: `the path has no segment {${name}}${hint(name, names)}` };
    }
    if (from === 'body' && !hasBody) yield { keys, message: 'a gRPC request has no JSON body to read' };
  }
  if (!hasBody && (delegation.approval?.body.length ?? 0) > 0)
    yield { keys: ['delegation', 'approval', 'body'], message: 'a gRPC request has no JSON body to read' };
}
