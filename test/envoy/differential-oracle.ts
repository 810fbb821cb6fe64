/** What must hold of every request that an upstream saw: that it is the one, by the one, that Behalf's record allowed. */
import type { Seen } from '../fakes/witness.ts';
import { SPOOFED } from '../fuzz/paths.ts';
import type { Decision, DifferentialWorld } from './differential-world.ts';

/** Names by which servers let a request say that it is another one. None may come from a client. */
const REWRITES = /^x-(?:original|rewrite)-(?:url|path)$|^x-(?:http-)?method(?:-override)?$|^x-forwarded-client-cert$/;

/** The violations, as sentences; none is the point. `decisions` are all that were recorded for these requests. */
export function violations(
  seen: readonly Seen[],
  decisions: readonly Decision[],
  tokens: DifferentialWorld['tokens'],
): readonly string[] {
  const byId = new Map<string, Decision[]>();
  for (const decision of decisions) {
    const id = decision.trail.input?.requestId ?? '';
    byId.set(id, [...(byId.get(id) ?? []), decision]);
  }
  const ids = seen.map((one) => valueOf(one, 'x-request-id') ?? '');
  return seen.flatMap((one, index) => {
    const id = ids[index] ?? '';
    const [decision, ...more] = byId.get(id) ?? [];
    const faults = [
      ...(ids.indexOf(id) === index ? [] : ['two requests have one id']),
      ...(decision === undefined || more.length > 0 ? ['not decided exactly once'] : judge(one, decision, tokens)),
    ];
    const shown = { ...one, headers: one.headers.filter(([name]) => name.toLowerCase() !== 'authorization') };
    return faults.map((fault) => `${fault}: ${JSON.stringify(shown)}`);
  });
}

function judge(seen: Seen, { trail, headers }: Decision, tokens: DifferentialWorld['tokens']): readonly string[] {
  const { input, refusal, routed } = trail;
  if (input === undefined || refusal !== undefined || routed === undefined) return ['it was refused'];
  const [path, ...query] = seen.target.split('?');
  return [
    ...(path === input.path && query.join('?') === input.rawQuery ? [] : ['another path than was decided']),
    ...(seen.method === input.method ? [] : ['another method than was decided']),
    ...((valueOf(seen, 'host') ?? '').toLowerCase().replace(/:(?:80|443)$/, '') === input.host
      ? []
      : ['another host than was decided']),
    ...sameIdentity(seen, headers),
    ...sameAuthority(seen, path ?? '', tokens),
  ];
}

/** Everything in our name is what we set, once; and nothing in the names of those who rewrite is a client's. */
function sameIdentity(seen: Seen, headers: Decision['headers']): readonly string[] {
  const ours = seen.headers.filter(([name]) => name.toLowerCase().replaceAll('_', '-').startsWith('x-behalf-'));
  const isOurs = ours.length === headers.size && ours.every(([name, value]) => headers.get(name) === value);
  const rewrites = seen.headers.filter(
    ([name, value]) => REWRITES.test(name.toLowerCase()) || (/^x-envoy-/i.test(name) && value.includes(SPOOFED)),
  );
  return [
    ...(isOurs ? [] : ['another identity than was decided']),
    ...rewrites.map(([name]) => `${name} came through`),
  ];
}

/** Not from Behalf's record: who the token is for, and what every parser makes of the path. */
function sameAuthority(seen: Seen, path: string, tokens: DifferentialWorld['tokens']): readonly string[] {
  const token = Object.values(tokens).find(({ text }) => text === valueOf(seen, 'authorization'));
  const plain = new URL(path, 'http://upstream.example').pathname;
  const region = /^\/v1\/regions\/([^/]+)\/invoices\/[^/]+$/.exec(plain)?.[1];
  const decoded = /^\/v1\/regions\/([^/]+)\/invoices\/[^/]+$/.exec(decodeURIComponent(path))?.[1];
  return [
    ...(token?.subject !== undefined && valueOf(seen, 'x-behalf-subject') === token.subject
      ? []
      : ['the subject is not the token’s']),
    ...(plain === path && region !== undefined && region === token?.region && region === decoded
      ? []
      : ['the path can be read in two ways, or is not granted']),
  ];
}

function valueOf(seen: Seen, wanted: string): string | undefined {
  const found = seen.headers.filter(([name]) => name.toLowerCase() === wanted);
  return found.length === 1 ? found[0]?.[1] : undefined;
}
