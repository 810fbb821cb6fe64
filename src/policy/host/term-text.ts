import { compareValues } from './compare.ts';
import { goQuote } from './go-quote.ts';
import { Decimal, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** A value as OPA prints a term: as it would stand in Rego, sets and keys in order. */
export function termText(value: RegoValue): string {
  if (typeof value === 'string') return goQuote(value, { quote: '"', isAscii: false });
  if (value instanceof Decimal) return value.text;
  if (value instanceof RegoSet) {
    const members = value.members.sort(compareValues).map(termText);
    return members.length === 0 ? 'set()' : `{${members.join(', ')}}`;
  }
  if (value instanceof RegoObject) {
    const entries = value.entries.sort(([a], [b]) => compareValues(a, b));
    return `{${entries.map(([key, held]) => `${termText(key)}: ${termText(held)}`).join(', ')}}`;
  }
  return value !== null && typeof value === 'object' ? `[${value.map(termText).join(', ')}]` : String(value);
}
