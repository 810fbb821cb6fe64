import { type Answer, call } from '../test/fakes/agent.ts';
import { INGRESS, INGRESS_RAW } from '../test/fakes/ingress.ts';
import { mintToken } from './mint-token.ts';
import type { Story, StoryRow } from './story.ts';
import type { World } from './world.ts';

/** One call of the story, made. `reached`: how many requests came out at the tool. */
export interface Sent {
  readonly row: StoryRow;
  readonly answer: Answer;
  readonly reached: number;
}

/** Sends one request of the story to Envoy, with the certificate and the token that the row names. */
export async function send(row: StoryRow, story: Story, world: World): Promise<Sent> {
  const before = world.tools.count();
  const [method = '', host = '', path = ''] = /^(\S+) ([^/]+)(\S+)$/.exec(row.request)?.slice(1) ?? [];
  const client = row.as === undefined ? undefined : world.certificates.get(row.as);
  if (row.as !== undefined && client === undefined) {
    throw new Error(`demo/story.yaml has no certificate named "${row.as}"`);
  }
  const headers = new Map<string, string[]>(Object.entries(row.headers).map(([name, value]) => [name, [value]]));
  if (row.token !== undefined) {
    const bearer = `Bearer ${await mintToken(story, row.token, world.signers)}`;
    headers.set('authorization', [bearer, ...(headers.get('authorization') ?? [])]);
  }
  const answer = await call({
    port: world.envoy.port(row.normalise ? INGRESS : INGRESS_RAW),
    host,
    method,
    path,
    headers: Object.fromEntries(headers),
    tls: { ca: world.ca, client },
  });
  return { row, answer, reached: world.tools.count() - before };
}
