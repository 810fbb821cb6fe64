/**
 * Says whether an answer was right. It knows nothing of how check() decides: an allow is right only where each thing
 * that a decision rests on is, in the message as protobufjs reads it, what it is in a request that is known to be allowed.
 */
import { X509Certificate } from 'node:crypto';
import type { CheckRequest__Output } from '../../src/generated/envoy/service/auth/v3/CheckRequest.ts';
import type { CheckResponse__Output } from '../../src/generated/envoy/service/auth/v3/CheckResponse.ts';
import { decodeCheckRequest, decodeCheckResponse } from '../../src/wire.ts';
import { reasonOf, spiffe } from '../fakes/check-world.ts';
import type { Seed } from './seeds.ts';

export interface Verdict {
  readonly reason: string;
  /** What is wrong with the answer, if anything. */
  readonly wrong: string | undefined;
}

type Http = NonNullable<NonNullable<NonNullable<CheckRequest__Output['attributes']>['request']>['http']>;

/** Everything that a decision rests on, as one reader of the message sees it. */
type Facts = Readonly<Record<string, unknown>>;

/** @param parents the allowed requests that `sent` was made from */
export function judge(sent: Buffer, received: Buffer, parents: readonly Seed[]): Verdict {
  const answer = decodeCheckResponse(received);
  const reason = reasonOf(answer);
  const code = answer.status?.code ?? 0;
  if (!answer.status) return { reason, wrong: 'the answer has no status' };
  if (code !== 0) return { reason, wrong: faultOfDenial(answer) };
  if (!answer.ok_response || answer.denied_response) return { reason, wrong: 'an allow without ok_response' };
  return { reason, wrong: faultOfAllow(sent, answer, parents) };
}

function faultOfDenial(answer: CheckResponse__Output): string | undefined {
  const status = answer.denied_response?.status?.code ?? 0;
  return status >= 400 && !answer.ok_response ? undefined : 'a denial without denied_response, or with ok_response';
}

function faultOfAllow(sent: Buffer, answer: CheckResponse__Output, parents: readonly Seed[]): string | undefined {
  const message = decodeCheckRequest(sent);
  const facts = factsOf(message);
  const differences = parents.map((seed) => difference(facts, factsOf(decodeCheckRequest(seed.bytes)), seed));
  const right = parents[differences.indexOf(undefined)];
  if (right === undefined) return `a wrong allow: ${differences.join('; or ')}`;
  return wrongIdentity(message, answer, right);
}

function difference(mine: Facts, theirs: Facts, seed: Seed): string | undefined {
  const readsBody = Object.values(seed.hop.delegation.context).some(({ from }) => from === 'body');
  return Object.keys(theirs)
    .filter((name) => name !== 'body' || readsBody)
    .filter((name) => JSON.stringify(mine[name]) !== JSON.stringify(theirs[name]))
    .map((name) => `${name} is ${shown(mine[name])} instead of ${shown(theirs[name])}`)[0];
}

function shown(fact: unknown): string {
  return (JSON.stringify(fact) ?? 'nothing').slice(0, 200);
}

function factsOf({ attributes }: CheckRequest__Output): Facts {
  const http = attributes?.request?.http ?? {};
  const peer = uriNames(attributes?.source?.certificate ?? '');
  const principal = attributes?.source?.principal ?? '';
  return {
    method: http.method,
    otherMethods: values(http, ':method').filter((method) => method !== http.method),
    // A host is read without case and without its scheme's port (RFC 9110 §4.2.3).
    host: plainHost(http.host ?? ''),
    otherHosts: [...values(http, ':authority'), ...values(http, 'host')].filter((host) => host !== http.host),
    path: http.path,
    otherPaths: [...values(http, ':path'), ...(http.query ? [http.query] : [])].filter((path) => path !== http.path),
    authorization: [...new Set(values(http, 'authorization'))].map((value) => value.replace(/^bearer /i, 'Bearer ')),
    // Envoy has verified the certificate; what we authorise is the one name in it, while it is valid.
    peer,
    // Where Envoy names nobody the certificate does; where it does, they agree.
    principal: principal === '' || principal === peer[0],
    hop: attributes?.context_extensions?.['behalf.hop'],
    body: [...new Set([http.raw_body?.toString('latin1'), http.body].filter(Boolean))],
  };
}

/** Every value of a header that any reader of either encoding could find. */
function values({ headers, header_map: list }: Http, wanted: string): string[] {
  const mapped = Object.entries(headers ?? {}).map(([key, value]) => ({ key, text: value }));
  const raw = (list?.headers ?? []).map(({ key = '', value = '', raw_value }) => ({
    key,
    text: raw_value !== undefined && raw_value.length > 0 ? raw_value.toString('utf8') : value,
  }));
  return [...mapped, ...raw].filter(({ key }) => key.toLowerCase() === wanted).map(({ text }) => text);
}

function plainHost(host: string): string {
  return host.toLowerCase().replace(/:(?:80|443)$/, '');
}

const namesOf = new Map<string, readonly string[]>();

/** OpenSSL's reading, where the program uses an ASN.1 library. */
function uriNames(encoded: string): readonly string[] {
  let names = namesOf.get(encoded);
  if (names === undefined) {
    names = readUriNames(encoded);
    if (namesOf.size < 1000) namesOf.set(encoded, names);
  }
  return names;
}

function readUriNames(encoded: string): readonly string[] {
  try {
    const pem = decodeURIComponent(encoded);
    const { subjectAltName = '', validFromDate, validToDate, ca } = new X509Certificate(pem);
    const now = new Date();
    if (ca || now < validFromDate || now > validToDate || pem.split('BEGIN').length !== 2) return ['not usable'];
    return subjectAltName
      .split(', ')
      .filter((name) => name.startsWith('URI:'))
      .map((name) => name.slice(4));
  } catch {
    return ['not readable'];
  }
}

/** What an allow tells the upstream must be the allowed request's, and nothing a client said in our name may be left. */
function wrongIdentity(
  { attributes }: CheckRequest__Output,
  { ok_response: ok }: CheckResponse__Output,
  seed: Seed,
): string | undefined {
  const set = new Map((ok?.headers ?? []).map(({ header }) => [header?.key ?? '', header?.value]));
  const told = ['subject', 'agent', 'grant', 'task'].map((name) => set.get(`x-behalf-${name}`));
  const truth = [seed.subject, spiffe(seed.agent), seed.grant.id, seed.grant.task];
  if (told.join() !== truth.join()) return `the upstream is told ${told.join()} instead of ${truth.join()}`;
  const http = attributes?.request?.http ?? {};
  const names = [...Object.keys(http.headers ?? {}), ...(http.header_map?.headers ?? []).map(({ key = '' }) => key)];
  const forged = names
    .map((name) => name.toLowerCase())
    .filter((name) => name.replaceAll('_', '-').startsWith('x-behalf-') && !set.has(name))
    .filter((name) => ok?.headers_to_remove?.includes(name) !== true);
  return forged.length > 0 ? `the upstream would see the client's ${forged.join()}` : undefined;
}
