import { nullObject } from '../null-object.ts';
import { Refusal } from '../refusals.ts';

/** A request target, split on its raw bytes. */
export interface Target {
  readonly path: string;
  readonly segments: readonly string[];
  readonly rawQuery: string;
  readonly query: Readonly<Record<string, readonly string[]>>;
}

const MAX_PATH = 8192;

/** RFC 3986 §3.3 pchar without `;` (matrix parameters) and `%` (judged by itself). */
const PATH = /^[A-Za-z0-9\-._~!$&'()*+,=:@/%]*$/;

/**
 * Percent-encodings that one parser decodes and another does not, so that the upstream could see another path than the
 * one we authorised: unreserved characters, `/ \ . ; % ? #`, controls (threats E10–E13, CVE-2021-29492).
 */
const AMBIGUOUS_ESCAPE = /%(?:[01][0-9a-f]|7f|2[35def]|3[0-9bf]|4[1-9a-f]|5[0-9acf]|6[1-9a-f]|7[0-9ae])/i;

/**
 * Splits a request target and denies what two parsers could read differently. Nothing is normalised or re-encoded: the
 * path returned is the path that Envoy forwards.
 * @throws Refusal `path_not_canonical`
 */
export function readTarget(target: string): Target {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1);
  if (path.length > MAX_PATH) throw notCanonical('is longer than 8192 characters');
  if (!path.startsWith('/')) throw notCanonical('does not begin with a slash');
  if (!PATH.test(path)) throw notCanonical('holds a character that must be encoded, or a matrix parameter');
  const segments = path.slice(1).split('/');
  for (const [index, segment] of segments.entries()) {
    if (segment === '' && index < segments.length - 1) throw notCanonical('holds an empty segment');
    if (segment === '.' || segment === '..') throw notCanonical('holds a dot segment');
    if (segment.includes('%')) requireUnambiguousEscapes(segment);
  }
  if (rawQuery.includes('#')) throw notCanonical('holds a fragment');
  return { path, segments, rawQuery, query: readQuery(rawQuery) };
}

function requireUnambiguousEscapes(segment: string): void {
  if (AMBIGUOUS_ESCAPE.test(segment)) throw notCanonical('holds an escape that parsers decode differently');
  try {
    // Also refuses malformed escapes and overlong UTF-8.
    decodeURIComponent(segment);
  } catch {
    throw notCanonical('holds a malformed escape');
  }
}

function readQuery(raw: string): Record<string, readonly string[]> {
  const query = nullObject<string[]>();
  if (raw === '') return query;
  for (const pair of raw.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeFormText(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decodeFormText(pair.slice(equals + 1));
    (query[name] ??= []).push(value);
  }
  return query;
}

/** What cannot be decoded stays as it was sent: a query is data, and only rows that read it judge it. */
function decodeFormText(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function notCanonical(why: string): Refusal {
  return new Refusal('path_not_canonical', `the path ${why}`);
}
