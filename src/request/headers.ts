import { nullObject } from '../null-object.ts';
import { Refusal } from '../refusals.ts';
import type { HttpRequest__Output } from './wire-types.ts';

/** Request headers by lower-case name, a null object. Pseudo-headers (`:path` …) are among them. */
export type Headers = Record<string, string>;

/**
 * Reads the headers in whichever encoding Envoy used: the `headers` map, or, with `encode_raw_headers`, the ordered
 * `header_map` of raw bytes. Both give the same result (threats E05, E07).
 * @throws Refusal `header_encoding_conflict` where both are there and differ, or two spellings of a name collide;
 *   `credential_ambiguous` where `authorization` is there more than once
 */
export function readHeaders(http: HttpRequest__Output): Headers {
  const mapped = http.headers === undefined ? undefined : fromMap(http.headers);
  const raw = http.header_map?.headers === undefined ? undefined : fromList(http.header_map.headers);
  if (mapped !== undefined && raw !== undefined && !equal(mapped, raw)) {
    throw new Refusal('header_encoding_conflict', 'headers and header_map differ');
  }
  return mapped ?? raw ?? nullObject();
}

function fromMap(map: Readonly<Record<string, string>>): Headers {
  const headers: Headers = nullObject();
  for (const key of Object.keys(map)) {
    const name = key.toLowerCase();
    if (name in headers) throw new Refusal('header_encoding_conflict', 'two spellings of one header name');
    headers[name] = map[key] ?? '';
  }
  return headers;
}

function fromList(list: NonNullable<NonNullable<HttpRequest__Output['header_map']>['headers']>): Headers {
  const headers: Headers = nullObject();
  for (const { key = '', value, raw_value } of list) {
    const name = key.toLowerCase();
    const text = raw_value !== undefined && raw_value.length > 0 ? raw_value.toString('utf8') : (value ?? '');
    const earlier = headers[name];
    if (earlier !== undefined && name === 'authorization') {
      throw new Refusal('credential_ambiguous', 'the authorization header is there more than once');
    }
    // Envoy joins repeated headers with a comma in the map encoding; do the same, so that both decide alike.
    headers[name] = earlier === undefined ? text : `${earlier},${text}`;
  }
  return headers;
}

function equal(a: Headers, b: Headers): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
