import type { PolicyInput } from '../policy/input.ts';
import type { McpCall } from '../request/check-input.ts';
import { bounded } from './bounded.ts';
import type { InputField } from './names.ts';
import type { SubjectLabel } from './subject-label.ts';
import type { Trail } from './trail.ts';

/** `provenance.input`: `full` writes down what policy saw as it is. */
export type InputDetail = 'redacted' | 'full';

/** What a record keeps of the policy's input. `erased` and `masked` are JSON pointers, as OPA's masks leave them. */
export interface KeptInput {
  readonly input: Partial<Record<InputField, unknown>>;
  readonly erased: readonly string[];
  readonly masked: readonly string[];
}

export interface KeepOptions {
  readonly detail: InputDetail;
  /** What telemetry calls a person other than the subject: one who approved. */
  readonly labelOf: SubjectLabel;
  /** True where people, the subject too, are named in full. */
  readonly isPlain: boolean;
}

const LONGEST_PATH = 1024;
const LONGEST_LIST = 4096;
/** Of one character in JSON: `\u0000`. */
const LONGEST_ESCAPE = 6;
const MOST_CALLS = 32;

/**
 * What may be kept of what policy was asked: ids, names, scopes, grant facts and times, but no claim, header, query,
 * argument or body value (threats T07). Whatever is left out or replaced is listed, so that a replay knows what it cannot
 * know. Before policy it is what is known of the request.
 */
export function keptInput(trail: Trail, options: KeepOptions): KeptInput | undefined {
  const asked = trail.asked?.input;
  if (asked === undefined) return early(trail);
  return options.detail === 'full' ? whole(asked, trail) : redacted(asked, trail, options);
}

/** A Check that was refused before policy: nothing can be replayed, so nothing is said to be erased. */
function early({ input, routed }: Trail): KeptInput | undefined {
  if (input === undefined) return undefined;
  const id = routed?.hop.id ?? (input.namedHop === undefined ? undefined : bounded(input.namedHop));
  const { method, host, path } = input;
  // They are pieces of the path, so they are as long as it is.
  const params = path.length > LONGEST_PATH ? undefined : routed?.params;
  const request = { method, host: bounded(host), path: bounded(path, LONGEST_PATH), params };
  const [first, ...rest] = (routed?.mcp ?? []).slice(0, MOST_CALLS).map(askedFor);
  return { input: { hop: id && { id }, request, mcp: first, batch: orNone(rest) }, erased: [], masked: [] };
}

function whole(asked: PolicyInput, { routed }: Trail): KeptInput {
  const rest = (routed?.mcp ?? []).slice(1).map((call) => ({ ...askedFor(call), arguments: call.arguments ?? null }));
  return { input: { ...asked, batch: orNone(rest) }, erased: [], masked: [] };
}

function redacted(asked: PolicyInput, trail: Trail, options: KeepOptions): KeptInput {
  const lost = { erased: [] as string[], masked: [] as string[] };
  const { version, hop, peer, actor, token, time } = asked;
  const input = {
    version,
    hop,
    peer,
    subject: subjectOf(asked, trail, options, lost),
    actor,
    chain: kept(asked.chain, '/input/chain', lost),
    token: {
      ...token,
      audience: kept(token.audience, '/input/token/audience', lost),
      scopes: kept(token.scopes, '/input/token/scopes', lost),
    },
    grant: grantOf(asked, trail, options, lost),
    request: requestOf(asked, lost),
    mcp: mcpOf(asked, lost),
    batch: batchOf(trail, lost),
    time,
  };
  return { input, ...lost };
}

interface Lost {
  readonly erased: string[];
  readonly masked: string[];
}

function subjectOf(
  { subject }: PolicyInput,
  { subjectLabel: id }: Trail,
  { isPlain }: KeepOptions,
  { erased, masked }: Lost,
): object {
  if (!isPlain) masked.push('/input/subject/id');
  const { issuer, claims } = subject;
  if (isEmpty(claims)) return { id, issuer, claims };
  erased.push('/input/subject/claims');
  return { id, issuer };
}

/** Context that the request shows in its path is in the record anyway; what comes from elsewhere is a value of it. */
function grantOf({ grant }: PolicyInput, { routed }: Trail, options: KeepOptions, lost: Lost): object | null {
  if (grant === null) return null;
  const sources = routed?.hop.delegation.context ?? {};
  const context: Record<string, string> = {};
  for (const [key, value] of Object.entries(grant.context)) {
    if (sources[key]?.from === 'path') context[key] = value;
    else lost.erased.push(`/input/grant/context/${escaped(key)}`);
  }
  const { approval } = grant;
  if (approval === undefined) return { ...grant, context };
  if (!options.isPlain) lost.masked.push('/input/grant/approval/approver');
  const approver = options.labelOf({ subject: { id: approval.approver, issuer: '', claims: {} } });
  return { ...grant, context, approval: { ...approval, approver } };
}

function requestOf({ request }: PolicyInput, lost: Lost): object {
  const { protocol, method, host, path, segments, params, query, headers, body } = request;
  const isLong = path.length > LONGEST_PATH;
  if (isLong) lost.masked.push('/input/request/path');
  if (isLong) lost.erased.push('/input/request/segments', '/input/request/params');
  if (!isEmpty(query)) lost.erased.push('/input/request/query');
  if (!isEmpty(headers)) lost.erased.push('/input/request/headers');
  if (body.json !== null) lost.erased.push('/input/request/body/json');
  const shortHost = bounded(host);
  if (shortHost !== host) lost.masked.push('/input/request/host');
  return {
    protocol,
    method,
    host: shortHost,
    path: bounded(path, LONGEST_PATH),
    segments: isLong ? undefined : segments,
    params: isLong ? undefined : params,
    query: isEmpty(query) ? query : undefined,
    headers: isEmpty(headers) ? headers : undefined,
    body: body.json === null ? body : { state: body.state },
  };
}

/** What was asked for, never with what arguments (design §9). */
function mcpOf({ mcp }: PolicyInput, { erased, masked }: Lost): object | null {
  if (mcp === null) return null;
  const call = askedFor({ method: mcp.method, tool: mcp.tool ?? undefined, arguments: mcp.arguments ?? undefined });
  if (call.method !== mcp.method) masked.push('/input/mcp/method');
  if (call.tool !== mcp.tool) masked.push('/input/mcp/tool');
  if (mcp.arguments !== null) erased.push('/input/mcp/arguments');
  return call;
}

/** The other elements of a batch. Where they are not kept whole, the batch as such counts as erased. */
function batchOf({ routed }: Trail, { erased }: Lost): readonly object[] | undefined {
  const all = routed?.mcp ?? [];
  const rest = all.slice(1, MOST_CALLS);
  const batch = rest.map(askedFor);
  const isWhole = all.length <= MOST_CALLS && batch.every(({ method }, index) => method === rest[index]?.method);
  if (!isWhole) erased.push('/input/batch');
  for (const [index, call] of rest.entries()) {
    if (call.arguments !== undefined) erased.push(`/input/batch/${index}/arguments`);
  }
  return orNone(batch);
}

interface AskedFor {
  readonly method: string;
  readonly tool: string | null;
  readonly arguments?: null;
}

/** `arguments` is only there where there were none. */
function askedFor({ method, tool, arguments: given }: McpCall): AskedFor {
  const call = { method: bounded(method), tool: tool === undefined ? null : bounded(tool) };
  return given === undefined ? { ...call, arguments: null } : call;
}

function orNone(list: readonly object[]): readonly object[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** A list that the caller's token could make long. */
function kept<List extends readonly unknown[]>(list: List, pointer: string, { erased }: Lost): List | undefined {
  if (isShort(list) || JSON.stringify(list).length <= LONGEST_LIST) return list;
  erased.push(pointer);
  return undefined;
}

/** True for nearly every list, without writing it as JSON: its texts would be short enough were each character escaped. */
function isShort(list: readonly unknown[]): boolean {
  let most = 2;
  for (const item of list) most += typeof item === 'string' ? item.length * LONGEST_ESCAPE + 3 : LONGEST_LIST;
  return most <= LONGEST_LIST;
}

function isEmpty(values: object): boolean {
  for (const _ in values) return false;
  return true;
}

/** RFC 6901 §3. */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
