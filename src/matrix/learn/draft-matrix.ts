import { Document, isMap, isNode, isScalar } from 'yaml';
import type { Matrix } from '../hop.ts';
import { visible } from '../render/visible.ts';
import { match } from '../schema-match.ts';
import { type Callers, namedCallers } from './callers.ts';
import { type DraftRow, draftRow } from './draft-row.ts';
import type { Tally, Unmatched } from './tally.ts';

/** A draft of rows. */
export interface Draft {
  readonly rows: readonly string[];
  /** Kinds of requests that no known caller made, or that no row could ever be for. */
  readonly strangers: number;
  /** A matrix of the new rows alone, with holes that say TODO; empty where there is nothing to draft. */
  readonly yaml: string;
}

/** Drafts a row for each kind of request that no row was for, most frequent first. */
export function draftMatrix({ unmatched }: Tally, matrix: Matrix | undefined): Draft {
  const kinds = [...unmatched.values()]
    .filter(isDraftable)
    .sort((a, b) => b.count - a.count || (key(a) < key(b) ? -1 : 1));
  const callers = namedCallers(kinds, matrix);
  const authority = issuerOf(matrix);
  const taken = new Set(matrix?.hops.keys());
  const drafts = kinds.flatMap((kind): readonly (DraftRow & { readonly kind: Unmatched })[] => {
    const agents = [...kind.callers].flatMap((id) => callers.names.get(id) ?? []).sort();
    if (agents.length === 0) return [];
    const draft = draftRow(kind, { agents, authority: authority.name, taken });
    taken.add(draft.id);
    return [{ ...draft, kind }];
  });
  return {
    rows: drafts.map(({ id }) => id),
    strangers: unmatched.size - drafts.length,
    yaml: drafts.length === 0 ? '' : written(drafts, callers, authority),
  };
}

/** Records hold what callers sent: not all of it is a host, a method and a path as a matrix has them. */
function isDraftable({ host, method, template }: Unmatched): boolean {
  return match.safeParse({ hosts: [host], methods: [method], path: template }).success;
}

type Authority = { readonly name: string; readonly written: Readonly<Record<string, unknown>> };

/** The one authority that issues tokens, where there is no doubt. */
function issuerOf(matrix: Matrix | undefined): Authority {
  const known = new Map(
    [...(matrix?.hops.values() ?? [])]
      .filter(({ credential }) => credential.authority.issuer !== undefined)
      .map(({ credential: { authority } }) => [authority.name, authority]),
  );
  const [only, ...others] = known.values();
  if (only === undefined || others.length > 0)
    return { name: 'idp', written: { kind: 'oidc', issuer: 'TODO', owner: 'TODO' } };
  const { name, kind, issuer, owner } = only;
  return { name, written: { kind, issuer, owner } };
}

function written(
  drafts: readonly (DraftRow & { readonly kind: Unmatched })[],
  { trustDomain, names }: Callers,
  authority: Authority,
): string {
  const used = new Set(drafts.flatMap(({ row }) => row['agents'] as readonly string[]));
  const agents = [...names].filter(([, name]) => used.has(name)).map(([spiffeId, name]) => [name, { spiffeId }]);
  const federates = [...new Set(agents.map(([, agent]) => (agent as { spiffeId: string }).spiffeId.split('/')[2]))];
  const document = new Document({
    trustDomain,
    federates: federates.filter((domain) => domain !== trustDomain),
    routing: 'explicit',
    authorities: { [authority.name]: authority.written },
    agents: Object.fromEntries(agents) as object,
    hops: Object.fromEntries(drafts.map(({ id, row }) => [id, row])),
  });
  document.commentBefore = ' Drafted by behalf matrix learn. Decide what says TODO, then run behalf matrix lint on it.';
  for (const { id, kind } of drafts) remark(document, id, kind);
  return document.toString({ lineWidth: 120, flowCollectionPadding: true });
}

/** Says what was seen, and what each hole is for. */
function remark(document: Document, id: string, { count, reasons, callers }: Unmatched): void {
  const hops = document.get('hops');
  const pair = isMap(hops) ? hops.items.find(({ key: name }) => isScalar(name) && name.value === id) : undefined;
  // Callers are not proven here: who they are is what Envoy said.
  const from = [...callers]
    .slice(0, 5)
    .map((each) => visible(each.slice(0, 200)) || 'nobody')
    .join(', ');
  if (isNode(pair?.key)) pair.key.commentBefore = ` Seen ${count} times (${[...reasons].join(', ')}), from ${from}`;
  const hole = (path: readonly (string | number)[], comment: string): void => {
    const node = document.getIn(['hops', id, ...path], true);
    if (isNode(node)) node.comment = ` ${comment}`;
  };
  hole(['description'], 'TODO say what the agent does here');
  hole(['credential', 'audience'], 'a guess');
  hole(['credential', 'scopes', 0], 'TODO choose the scopes');
  hole(['delegation', 'action'], 'a guess; bind the grant with context: {key: path.NAME}');
}

function key({ host, template, method }: Unmatched): string {
  return JSON.stringify([host, template, method]);
}
