import type { Grant } from '../delegation/grant.ts';
import type { PolicyInput } from '../policy/input.ts';
import type { ActionEntry, AgentEntry, GrantEntry, PersonEntry, SuiteText } from './suite-schema.ts';

/** One name of each side, with what the suite says of it. */
export interface Coordinates {
  readonly agents: readonly [name: string, entry: AgentEntry];
  readonly people: readonly [name: string, entry: PersonEntry];
  readonly actions: readonly [name: string, entry: ActionEntry];
  readonly grants: readonly [name: string, entry: GrantEntry];
}

export interface CellFacts {
  readonly suite: Pick<SuiteText, 'trustDomain' | 'issuer' | 'input'>;
  readonly at: Coordinates;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What the test itself adds. */
  readonly input: Readonly<Record<string, unknown>> | undefined;
}

/** A request that all earlier steps let through, as a whole input: what the suite leaves out, it makes to fit. */
export function cellInput({ suite, at, now, input }: CellFacts): unknown {
  const entries = [at.agents[1], at.people[1], at.actions[1], at.grants[1]];
  const changes = [suite.input, ...entries.map((entry) => entry.input), input];
  return changes.reduce<unknown>((made, change) => (change === undefined ? made : merged(made, change)), {
    version: 1,
    ...whoAsks(suite, at),
    ...whatIsAsked(at.actions, at.people[1].issuer ?? suite.issuer, now / 1000),
    grant: grantOf(at, now / 1000),
    time: now / 1000,
  });
}

type Asker = Pick<PolicyInput, 'peer' | 'subject' | 'actor' | 'chain'>;

function whoAsks({ trustDomain, issuer }: CellFacts['suite'], { agents, people }: Coordinates): Asker {
  const [[agent, { absent, spiffeId, chain = [] }], [person, { id = person, issuer: vouches = issuer, claims = {} }]] =
    [agents, people];
  const named = spiffeId ?? `spiffe://${trustDomain}/ns/agents/sa/${agent}`;
  const peer = absent === true ? `spiffe://${trustDomain}/ns/people/sa/client` : named;
  return {
    peer: { id: peer, trustDomain: /^spiffe:\/\/([^/]*)/.exec(peer)?.[1] ?? trustDomain },
    subject: { id, issuer: vouches, claims },
    actor: absent === true ? null : { id: named, agent, issuer: vouches },
    chain,
  };
}

type Asked = Pick<PolicyInput, 'hop' | 'token' | 'request' | 'mcp'>;

function whatIsAsked([name, entry]: Coordinates['actions'], issuer: string, time: number): Asked {
  const { action = name, mcp, protocol = mcp === undefined ? 'http' : 'mcp', scopes = [] } = entry;
  const { audience = 'https://target.acme.example', boundary = 'agents -> target', hop = action } = entry;
  const { method = mcp === undefined ? 'GET' : 'POST', path = '/', params = {}, query = {}, headers = {} } = entry;
  const body = 'body' in entry ? { state: 'ok' as const, json: entry.body } : { state: 'absent' as const, json: null };
  const segments = path.slice(1).split('/');
  const host = entry.host ?? (URL.canParse(audience) ? new URL(audience).host : 'target.acme.example');
  return {
    hop: { id: hop, protocol, boundary, action, audience, scopes },
    token: { issuer, audience: [audience], scopes, expiresAt: time + 300, type: 'at+jwt' },
    request: { protocol, method, host, path, segments, params, query, headers, body },
    mcp:
      mcp === undefined
        ? null
        : { method: mcp.method ?? 'tools/call', tool: mcp.tool ?? null, arguments: mcp.arguments ?? null },
  };
}

function grantOf({ grants: [name, entry], actions: [label, action] }: Coordinates, time: number): Grant | null {
  if (entry.absent === true) return null;
  const { approval, budget, expiresIn } = entry;
  return {
    id: entry.id ?? `grant-${name}`,
    task: entry.task ?? `task-${name}`,
    actions: entry.actions ?? [action.action ?? label],
    target: entry.target ?? action.audience ?? 'https://target.acme.example',
    context: entry.context ?? {},
    expiresAt: time + expiresIn,
    ...(approval !== undefined && { approval: { ...approval, at: time } }),
    ...(budget !== undefined && { budget }),
  };
}

/** Maps are merged; everything else, lists and null included, takes the place of what was there. */
function merged(base: unknown, change: unknown): unknown {
  if (!isMap(base) || !isMap(change)) return change;
  const made: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) made[key] = merged(base[key], value);
  return made;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
