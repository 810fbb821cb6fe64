/** Limits that a JSON text must keep. */
export interface JsonLimits {
  /** Nesting of objects and arrays. */
  readonly depth: number;
  /** Object members in the whole text. */
  readonly members: number;
  /** Values in the whole text, those in arrays included. */
  readonly values: number;
}

/** Why a text is not JSON that every parser reads alike. The message never quotes the text. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly fault: 'syntax' | 'depth' | 'members' | 'values' | 'duplicate';

  constructor(fault: StrictJsonError['fault']) {
    super(`JSON ${fault} fault`);
    this.fault = fault;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Parses JSON that no two parsers can read differently: a member named twice is refused, where `JSON.parse` would keep
 * the last and others the first (threats J08–J10, E18), and so is a number that JavaScript would take for infinite. Depth
 * and member count are bounded before anything is built.
 * @throws StrictJsonError
 */
export function parseStrictJson(text: string, limits: JsonLimits): unknown {
  scan(text, limits);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new StrictJsonError('syntax');
  }
  if (MAY_OVERFLOW.test(text) && !isFinite(value)) throw new StrictJsonError('syntax');
  if (SURROGATE_ESCAPE.test(text) && LONE_SURROGATE.test(JSON.stringify(value))) throw new StrictJsonError('syntax');
  return value;
}

/** Without an exponent of two digits it takes three hundred others to be past the largest double. */
const MAY_OVERFLOW = /[eE]\+?\d{2}|\d{300}/;

/** `JSON.stringify` would write Infinity as `null`, which Rego puts below every number: `1e400 <= 1000` (threats P16). */
function isFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isFinite);
}

/** Half a character (RFC 8259 §8.2): some parsers keep it, some replace it, and OPA's aborts. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** `JSON.stringify` escapes a surrogate only where it stands alone. */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** One pass over the text. `open` holds, for each open bracket, the names seen (an array has none). */
function scan(text: string, limits: JsonLimits): void {
  const open: (Set<string> | null)[] = [];
  let members = 0;
  let values = 1;
  let expectsName = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      const end = endOfString(text, at);
      const names = open.at(-1);
      if (expectsName && names) {
        if (++members > limits.members) throw new StrictJsonError('members');
        addName(names, text.slice(at, end + 1));
      }
      expectsName = false;
      at = end;
    } else if (char === 0x7b /* { */ || char === 0x5b /* [ */) {
      if (open.length >= limits.depth) throw new StrictJsonError('depth');
      if (++values > limits.values) throw new StrictJsonError('values');
      open.push(char === 0x7b ? new Set() : null);
      expectsName = char === 0x7b;
    } else if (char === 0x7d /* } */ || char === 0x5d /* ] */) {
      open.pop();
      expectsName = false;
    } else if (char === 0x2c /* , */) {
      if (++values > limits.values) throw new StrictJsonError('values');
      expectsName = open.at(-1) instanceof Set;
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === BACKSLASH) at++;
    else if (char === QUOTE) return at;
  }
  throw new StrictJsonError('syntax');
}

function addName(names: Set<string>, quoted: string): void {
  let name: unknown;
  try {
    // Escapes spell the same name differently: "\u0061ct" is "act".
    name = quoted.includes('\\') ? JSON.parse(quoted) : quoted.slice(1, -1);
  } catch {
    throw new StrictJsonError('syntax');
  }
  if (typeof name !== 'string' || names.has(name)) throw new StrictJsonError('duplicate');
  names.add(name);
}
