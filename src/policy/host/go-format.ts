import { BoundedText } from './bounded-text.ts';
import type { Spend } from './builtin.ts';
import type { Directive, Flags } from './go-directive.ts';
import { goPrint } from './go-print.ts';
import { type GoValue, goType } from './go-type.ts';

/** More than that is written by no policy, and takes time. */
const MAX_LENGTH = 64 * 1024;
/** Go takes no width or precision past this. */
const TOO_LARGE = 1_000_000;
/** Ticks for one directive, for one value, and for a character that is looked at by itself. */
const DIRECTIVE_TICKS = 100;
const VALUE_TICKS = 100;
const CHARACTER_TICKS = 30;
/** For each power of two: a double of the smallest has a thousand digits, whether they are shown or not. */
const POWER_TICKS = 6;
/** Of an integer of more than 64 bits. */
const MAX_DIGITS = 1000;
const NO_FLAGS: Flags = {
  sharp: false,
  zero: false,
  plus: false,
  minus: false,
  space: false,
  isGoSyntax: false,
  hasNames: false,
};
const FLAGS: Readonly<Record<string, keyof Flags>> = {
  '#': 'sharp',
  '0': 'zero',
  '+': 'plus',
  '-': 'minus',
  ' ': 'space',
};

/**
 * Formats as Go's `fmt.Sprintf`, what it says of a directive that does not fit included: `%!d(string=hi)`.
 * @see https://pkg.go.dev/fmt
 */
export function goFormat(format: string, values: readonly GoValue[], spend: Spend): string {
  return new Formatter(format, values, spend).run();
}

class Formatter {
  readonly #format: string;
  readonly #values: readonly GoValue[];
  #at = 0;
  readonly #spend: Spend;
  readonly #result: BoundedText;
  /** Behind it, no number of a value ends. */
  readonly #lastClose: number;
  /** The next value. */
  #index = 0;
  /** A value was chosen by its number: then it is not said which were left over. */
  #isReordered = false;
  /** The directive chose its values rightly. */
  #isGoodIndex = true;
  /** The last thing read was the number of a value. */
  #isAfterIndex = false;

  constructor(format: string, values: readonly GoValue[], spend: Spend) {
    this.#format = format;
    this.#values = values;
    this.#spend = spend;
    this.#result = new BoundedText(spend, MAX_LENGTH);
    this.#lastClose = format.lastIndexOf(']');
  }

  run(): string {
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf('%', this.#at);
      this.#write(this.#format.slice(this.#at, percent === -1 ? undefined : percent));
      if (percent === -1) break;
      this.#at = percent + 1;
      this.#directive();
    }
    if (!this.#isReordered && this.#index < this.#values.length) this.#extra();
    return this.#result.toString();
  }

  #write(text: string): void {
    this.#result.write(text);
  }

  #directive(): void {
    this.#spend(DIRECTIVE_TICKS);
    this.#isGoodIndex = true;
    const flags = this.#flags();
    this.#readIndex();
    const [width, minus] = this.#width();
    const precision = this.#precision();
    if (!this.#isAfterIndex) this.#readIndex();
    const point = this.#format.codePointAt(this.#at);
    if (point === undefined) return this.#write('%!(NOVERB)');
    const verb = String.fromCodePoint(point);
    this.#at += verb.length;
    const aligned = { ...flags, minus: flags.minus || minus, zero: flags.zero && !minus };
    this.#print({ verb, flags: verb === 'v' || verb === 'w' ? ofValue(aligned) : aligned, width, precision });
  }

  #flags(): Flags {
    const flags: Record<keyof Flags, boolean> = { ...NO_FLAGS };
    for (;;) {
      const name = FLAGS[this.#format[this.#at] ?? ''];
      if (name === undefined) return flags;
      flags[name] = true;
      this.#at++;
    }
  }

  #print(directive: Directive): void {
    const { verb } = directive;
    if (verb === '%') return this.#write('%');
    if (!this.#isGoodIndex) return this.#write(`%!${verb}(BADINDEX)`);
    const value = this.#values[this.#index];
    if (value === undefined) return this.#write(`%!${verb}(MISSING)`);
    this.#index++;
    this.#write(this.#printed(value, directive));
  }

  #extra(): void {
    this.#write('%!(EXTRA ');
    for (const [at, value] of this.#values.slice(this.#index).entries()) {
      this.#write(`${at > 0 ? ', ' : ''}${goType(value)}=${this.#printed(value, PLAIN)}`);
    }
    this.#write(')');
  }

  #printed(value: GoValue, directive: Directive): string {
    if (Math.max(directive.width ?? 0, directive.precision ?? 0) > MAX_LENGTH)
      throw new RangeError('the text is too long');
    this.#spend(ticksOf(value, directive));
    const text = goPrint(value, directive);
    if (text !== undefined) return text;
    // The value by %v, with the width and the flags that it was to have.
    return `%!${directive.verb}(${goType(value)}=${goPrint(value, { ...directive, verb: 'v' }) ?? ''})`;
  }

  /** `[n]`: the values are numbered from one. */
  #readIndex(): void {
    this.#isAfterIndex = false;
    if (this.#format[this.#at] !== '[') return;
    this.#isReordered = true;
    const close = this.#at > this.#lastClose ? -1 : this.#format.indexOf(']', this.#at);
    const digits = /^\[(\d{1,7})\]/.exec(this.#format.slice(this.#at, close + 1))?.[1];
    const index = Number(digits ?? 0) - 1;
    this.#at = close === -1 ? this.#at + 1 : close + 1;
    this.#isAfterIndex = digits !== undefined;
    if (index >= 0 && index < this.#values.length) this.#index = index;
    else this.#isGoodIndex = false;
  }

  /** @returns the width, and whether it was a negative value, which means on the left */
  #width(): readonly [number | undefined, boolean] {
    if (this.#format[this.#at] === '*') {
      const width = this.#star();
      if (width === undefined) this.#write('%!(BADWIDTH)');
      return width !== undefined && width < 0 ? [-width, true] : [width, false];
    }
    const width = this.#number();
    if (this.#isAfterIndex && width !== undefined) this.#isGoodIndex = false;
    return [width, false];
  }

  #precision(): number | undefined {
    // A point that ends the format begins no precision: it is the verb.
    if (this.#format[this.#at] !== '.' || this.#at + 1 >= this.#format.length) return undefined;
    this.#at++;
    if (this.#isAfterIndex) this.#isGoodIndex = false;
    this.#readIndex();
    if (this.#format[this.#at] !== '*') return this.#number() ?? 0;
    const given = this.#star();
    const precision = given === undefined || given < 0 ? undefined : given;
    if (precision === undefined) this.#write('%!(BADPREC)');
    return precision;
  }

  /** `*`: the next value says it. */
  #star(): number | undefined {
    this.#at++;
    this.#isAfterIndex = false;
    const value = this.#values[this.#index];
    if (value === undefined) return undefined;
    this.#index++;
    const isInteger = typeof value === 'bigint' && value >= -TOO_LARGE && value <= TOO_LARGE;
    return isInteger ? Number(value) : undefined;
  }

  #number(): number | undefined {
    const [digits = ''] = /^\d*/.exec(this.#format.slice(this.#at, this.#at + 16)) ?? [];
    // As in Go, the rest of the format is lost behind a number that is too large.
    if (Number(digits.slice(0, -1)) > TOO_LARGE) this.#at = this.#format.length;
    else this.#at += digits.length;
    return digits === '' || Number(digits.slice(0, -1)) > TOO_LARGE ? undefined : Number(digits);
  }
}

/** The flags of `%v`, and of `%w`, which wraps an error and so is never right here. */
function ofValue(flags: Flags): Flags {
  return { ...flags, sharp: false, plus: false, isGoSyntax: flags.sharp, hasNames: flags.plus };
}

const PLAIN: Directive = { verb: 'v', flags: NO_FLAGS, width: undefined, precision: undefined };

/** What it takes to print a value, however much of it is shown. */
function ticksOf(value: GoValue, { verb, flags, width = 0, precision }: Directive): number {
  const filling = VALUE_TICKS + (width + (precision ?? 0)) / 4;
  if (typeof value === 'number')
    return filling + (value === 0 ? 0 : Math.abs(Math.log2(Math.abs(value))) * POWER_TICKS);
  if (typeof value === 'bigint') return filling + (BigInt.asIntN(64, value) === value ? 0 : MAX_DIGITS);
  const length = Math.min(value.length, precision ?? value.length);
  const isPlain = (verb === 's' || verb === 'v') && !flags.isGoSyntax && width === 0 && precision === undefined;
  return filling + (isPlain ? length / 4 : length * CHARACTER_TICKS);
}
