import { type Directive, pad } from './go-directive.ts';
import { goFloat } from './go-float.ts';
import { goQuote } from './go-quote.ts';
import { type GoValue, goType } from './go-type.ts';

/** One argument by one directive; `undefined` where the verb is none of its type. */
export function goPrint(value: GoValue, directive: Directive): string | undefined {
  if (directive.verb === 'T') return pad(cut(goType(value), directive), directive);
  if (typeof value === 'string') return printText(value, directive);
  if (typeof value === 'number') return printFloat(value, directive);
  return BigInt.asIntN(64, value) === value ? printInteger(value, directive) : printLong(value, directive);
}

/** To as many characters as the precision says. */
function cut(text: string, { precision }: Directive): string {
  // So many code points are at most twice as many units: the rest need not be looked at.
  return precision === undefined
    ? text
    : Array.from(text.slice(0, precision * 2 + 1))
        .slice(0, precision)
        .join('');
}

function printText(text: string, directive: Directive): string | undefined {
  const { verb, flags } = directive;
  if (verb === 'q' || (verb === 'v' && flags.isGoSyntax))
    return pad(quoted(cut(text, directive), directive), directive);
  if (verb === 's' || verb === 'v') return pad(cut(text, directive), directive);
  return verb === 'x' || verb === 'X' ? pad(hexOf(text, directive), directive) : undefined;
}

function quoted(text: string, { verb, flags }: Directive): string {
  if (verb === 'q' && flags.sharp && canBackquote(text)) return `\`${text}\``;
  return goQuote(text, { quote: '"', isAscii: verb === 'q' && flags.plus });
}

/** Go's raw strings hold no backquote, and of the control characters only the tab. */
function canBackquote(text: string): boolean {
  return !/[`\p{Cc}\ufeff]/u.test(text.replaceAll(/[\t\u0080-\u009f]/g, ''));
}

function hexOf(text: string, { verb, flags, precision }: Directive): string {
  const bytes = Buffer.from(precision === undefined ? text : text.slice(0, precision + 1)).subarray(0, precision);
  const prefix = flags.sharp ? `0${verb}` : '';
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const digits = flags.space ? pairs.join(` ${prefix}`) : pairs.join('');
  if (digits === '') return '';
  return prefix + (verb === 'X' ? upper(digits) : digits);
}

/** Digits, not the `x` of a prefix. */
function upper(digits: string): string {
  return digits.toUpperCase();
}

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };

function printInteger(value: bigint, directive: Directive): string | undefined {
  const { verb, flags, width, precision } = directive;
  const base = BASES[verb];
  if (base === undefined) return printCharacter(value, directive);
  const sign = signOf(value, flags.plus, flags.space);
  if (precision === 0 && value === 0n) return pad('', directive, false);
  const isZero = flags.zero && !flags.minus && width !== undefined;
  const least = precision ?? (isZero ? width - sign.length : 0);
  const digits = digitsOf(value, base, verb).padStart(least, '0');
  return pad(sign + prefixOf(digits, verb, flags.sharp) + digits, directive, false);
}

function signOf(value: bigint, plus: boolean, space: boolean): string {
  if (value < 0n) return '-';
  if (plus) return '+';
  return space ? ' ' : '';
}

function digitsOf(value: bigint, base: number, verb: string): string {
  const digits = (value < 0n ? -value : value).toString(base);
  return verb === 'X' ? digits.toUpperCase() : digits;
}

function prefixOf(digits: string, verb: string, isSharp: boolean): string {
  const octal = isSharp && (verb === 'o' || verb === 'O') && !digits.startsWith('0') ? '0' : '';
  if (verb === 'O') return `0o${octal}`;
  if (verb === 'o') return octal;
  return isSharp && /[bxX]/.test(verb) ? `0${verb}` : '';
}

function printCharacter(value: bigint, directive: Directive): string | undefined {
  const { verb, flags } = directive;
  const isPoint = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const character = isPoint ? String.fromCodePoint(Number(value)) : '\ufffd';
  if (verb === 'c') return pad(character, directive);
  if (verb === 'q') return pad(goQuote(character, { quote: "'", isAscii: flags.plus }), directive);
  return verb === 'U' ? printPoint(value, character, isPoint, directive) : undefined;
}

function printPoint(value: bigint, character: string, isPoint: boolean, directive: Directive): string {
  const digits = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const point = `U+${digits.padStart(Math.max(directive.precision ?? 0, 4), '0')}`;
  const isShown =
    directive.flags.sharp &&
    isPoint &&
    goQuote(character, { quote: '"', isAscii: false }).length === character.length + 2;
  return pad(isShown ? `${point} '${character}'` : point, directive, false);
}

/** `big.Int` formats itself, and somewhat otherwise. */
function printLong(value: bigint, directive: Directive): string | undefined {
  const { verb, flags, precision } = directive;
  const base = verb === 's' ? 10 : BASES[verb];
  // Go shows the inside of its number, and its address: another one each time.
  if (verb === 'w' || verb === 'p') throw new TypeError('an integer of more than 64 bits has no such form');
  if (base === undefined) return `%!${verb}(big.Int=${value})`;
  const digits = digitsOf(value, base, verb).padStart(precision ?? 0, '0');
  const prefix = verb === 'O' ? '0o' : longPrefix(verb, flags.sharp || flags.isGoSyntax);
  const start = signOf(value, flags.plus || flags.hasNames, flags.space) + prefix;
  const isZero = flags.zero && !flags.minus && precision === undefined;
  const filled = isZero ? digits.padStart((directive.width ?? 0) - start.length, '0') : digits;
  return pad(start + filled, directive, false);
}

function longPrefix(verb: string, isSharp: boolean): string {
  if (!isSharp || !/[boxX]/.test(verb)) return '';
  return verb === 'o' ? '0' : `0${verb}`;
}

function printFloat(value: number, directive: Directive): string | undefined {
  const { verb, flags, width, precision } = directive;
  const kind = ({ v: 'g', g: 'g', G: 'g', e: 'e', E: 'e', f: 'f', F: 'f' } as const)[verb];
  if (kind === undefined) {
    if (/[bxX]/.test(verb)) throw new TypeError('a fraction is not written in base two or sixteen here');
    return undefined;
  }
  const digits = precision ?? (kind === 'g' ? -1 : 6);
  const plain = goFloat(Math.abs(value), kind, digits);
  const full = flags.sharp ? withPoint(plain, kind, digits) : plain;
  const text = verb === 'G' || verb === 'E' ? full.toUpperCase() : full;
  const isNegative = value < 0 || Object.is(value, -0);
  const sign = isNegative ? '-' : signOf(0n, flags.plus, flags.space);
  const isZero = flags.zero && !flags.minus;
  return isZero ? sign + text.padStart((width ?? 0) - sign.length, '0') : pad(sign + text, directive, false);
}

/** The `#` of a float: a point in any case, and with `g` all digits that the precision asks for. */
function withPoint(text: string, kind: 'e' | 'f' | 'g', precision: number): string {
  const [mantissa = '', exponent] = text.split('e');
  const tail = exponent === undefined ? '' : `e${exponent}`;
  const pointed = mantissa.includes('.') ? mantissa : `${mantissa}.`;
  if (kind !== 'g') return pointed + tail;
  const significant = pointed.replace('.', '').replace(/^0+(?=.)/, '').length;
  const wanted = precision === -1 ? 6 : precision;
  return pointed + '0'.repeat(Math.max(wanted - significant, 0)) + tail;
}
