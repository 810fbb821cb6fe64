import { Refusal } from '../refusals.ts';

/** One element of `x-forwarded-client-cert`: what one proxy says about the client of its connection. */
export interface XfccElement {
  /** The proxy that wrote it; empty where its certificate names no URI. */
  readonly by: string;
  /** SHA-256 of the client certificate, in lower-case hex. */
  readonly hash: string | undefined;
  /** The URI SAN of the client certificate; undefined where Envoy was not told to forward it, or there is none. */
  readonly uri: string | undefined;
}

const MAX_LENGTH = 32 * 1024;
const MAX_ELEMENTS = 32;

/**
 * One `key=value` and what ends it. Envoy quotes Subject, Cert and Chain; within quotes a backslash escapes what follows
 * (a DN is written as RFC 2253 has it, so `\,` and `\C3` are there too). Outside, nothing that could mean something else
 * to another parser: no quote, comma, semicolon, equals sign, backslash, blank or control character.
 */
const PAIR = /([A-Za-z]{2,7})=(?:"((?:[^"\\\p{Cc}]|\\[^\p{Cc}])*)"|([^",;=\\\s\p{Cc}]*))([,;]|$)/uy;

const ONCE = new Set(['by', 'hash', 'cert', 'chain', 'subject', 'uri']);
const REPEATABLE = 'dns';
const SHA256_HEX = /^[0-9a-f]{64}$/;

/**
 * Reads the text format that Envoy writes, and refuses all that two parsers could read differently: other keys, a key
 * twice, stray quotes, blanks, the JSON format (threats S03). Every quote in the text must be closed, so an element that
 * a client put in front cannot swallow, or be completed by, the one that a proxy appended.
 * @throws Refusal `xfcc_malformed`
 */
export function parseXfcc(text: string): readonly XfccElement[] {
  if (text.length > MAX_LENGTH) throw malformed('is over 32 KiB');
  const elements: XfccElement[] = [];
  let pairs = new Map<string, string>();
  for (let at = 0, ended = false; !ended; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(text);
    if (match === null) throw malformed('is not in the format that Envoy writes');
    const [, name = '', quoted, plain = '', end] = match;
    add(pairs, name.toLowerCase(), quoted ?? plain);
    if (end !== ';') {
      if (elements.push(toElement(pairs)) > MAX_ELEMENTS) throw malformed(`has over ${MAX_ELEMENTS} elements`);
      pairs = new Map();
    }
    ended = end === '';
  }
  return elements;
}

function add(pairs: Map<string, string>, key: string, value: string): void {
  if (key === REPEATABLE) return;
  if (!ONCE.has(key)) throw malformed('has a key that Envoy does not write');
  if (pairs.has(key)) throw malformed('has a key twice in one element');
  pairs.set(key, value);
}

function toElement(pairs: ReadonlyMap<string, string>): XfccElement {
  const hash = pairs.get('hash');
  if (hash !== undefined && !SHA256_HEX.test(hash)) throw malformed('has a Hash that is no SHA-256');
  const uri = pairs.get('uri');
  // Envoy writes `URI=` where the certificate has none.
  return { by: pairs.get('by') ?? '', hash, uri: uri === '' ? undefined : uri };
}

function malformed(why: string): Refusal {
  return new Refusal('xfcc_malformed', `the x-forwarded-client-cert header ${why}`);
}
