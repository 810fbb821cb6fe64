/** How Go quotes a text or a character (`strconv.Quote`). */
export interface QuoteOptions {
  readonly quote: '"' | "'";
  /** Nothing beyond ASCII is left as it is. */
  readonly isAscii: boolean;
}

const LETTERS: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
/** What Go prints: letters, marks, numbers, punctuation, symbols, and the space of ASCII. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** Quotes as Go's `strconv.Quote` does. */
export function goQuote(text: string, { quote, isAscii }: QuoteOptions): string {
  const escaped = Array.from(text, (each) => {
    if (each === quote || each === '\\') return `\\${each}`;
    const point = each.codePointAt(0) as number;
    if ((!isAscii || point < 0x80) && PRINTABLE.test(each)) return each;
    const letter = LETTERS[each];
    if (letter !== undefined) return letter;
    if (point < 0x20 || point === 0x7f) return `\\x${point.toString(16).padStart(2, '0')}`;
    return point < 0x10000 ? `\\u${point.toString(16).padStart(4, '0')}` : `\\U${point.toString(16).padStart(8, '0')}`;
  });
  return `${quote}${escaped.join('')}${quote}`;
}
