import type { Unmatched } from './tally.ts';

const VERBS: Readonly<Record<string, string>> = {
  GET: 'read',
  HEAD: 'read',
  POST: 'create',
  PUT: 'replace',
  PATCH: 'change',
  DELETE: 'delete',
  OPTIONS: 'options',
};
// A call of gRPC looks like this, and hardly anything else does.
const GRPC = /^\/(?:[a-z][a-z0-9_]*\.)+([A-Z]\w*)\/([A-Z]\w*)$/;

export interface DraftRow {
  readonly id: string;
  /** As matrix.yaml holds it; what cannot be known says TODO. */
  readonly row: Readonly<Record<string, unknown>>;
}

export interface DraftOptions {
  readonly agents: readonly string[];
  readonly authority: string;
  /** Ids that are taken. */
  readonly taken: ReadonlySet<string>;
}

/** One row for requests that none was for: what was seen, and holes for what a person must decide. */
export function draftRow({ method, host, template }: Unmatched, { agents, authority, taken }: DraftOptions): DraftRow {
  const [, service, call] = (method === 'POST' ? GRPC.exec(template) : null) ?? [];
  const nouns = template.split('/').filter((part) => /^[A-Za-z]/.test(part) && !/^v\d+$/i.test(part) && part !== 'api');
  const noun = word(service ?? nouns.at(-1) ?? 'root');
  const verb = call === undefined ? (VERBS[method] ?? method.toLowerCase()) : word(call);
  return {
    id: free(`${word(/^[a-z]/.test(host) ? (host.split('.', 1)[0] ?? '') : 'host')}.${noun}.${verb}`, taken),
    row: {
      description: 'TODO',
      protocol: service === undefined ? 'http' : 'grpc',
      boundary: `agents -> ${host}`,
      match: { hosts: [host], methods: [method], path: template },
      agents,
      credential: {
        type: 'access-token',
        authority,
        audience: `https://${host}`,
        scopes: ['TODO'],
        maxLifetime: '10m',
      },
      delegation: { action: `${noun}.${verb}` },
      revocation: { by: ['token', 'grant', 'agent'], within: '1s' },
    },
  };
}

function word(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 40)
    .toLowerCase();
}

function free(id: string, taken: ReadonlySet<string>): string {
  for (let number = 2, name = id; ; number += 1) {
    if (!taken.has(name)) return name;
    name = `${id}-${number}`;
  }
}
