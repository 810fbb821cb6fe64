/**
 * Control and direction characters that JSON lets through: DEL and C1, zero-width and bidi marks, line and paragraph
 * separators, the byte-order mark. In a terminal or an editor they can make a line look like another one (threats T06).
 */
const DECEPTIVE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One value as one line of NDJSON, without its newline, with every deceptive character written as `\uXXXX`. */
export function jsonLine(value: object): string {
  const json = JSON.stringify(value);
  // `search` first: `replace` with a global pattern costs a copy, and nearly every line is plain ASCII.
  const isPlain = Buffer.byteLength(json) === json.length && !json.includes('\u007f');
  return isPlain || json.search(DECEPTIVE) === -1 ? json : json.replace(DECEPTIVE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
