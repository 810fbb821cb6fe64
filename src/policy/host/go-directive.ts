/** One `%` of a format, read as Go reads it. */
export interface Directive {
  readonly verb: string;
  readonly flags: Flags;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

/** `#`, `0`, `+`, `-` and the space. With `%v`, `#` and `+` mean something else: Go syntax, and the names of fields. */
export interface Flags {
  readonly sharp: boolean;
  readonly zero: boolean;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly space: boolean;
  readonly isGoSyntax: boolean;
  readonly hasNames: boolean;
}

/** Pads with spaces, or with zeros where they are asked for and come first. */
export function pad(text: string, { flags, width = 0 }: Directive, isZero = flags.zero && !flags.minus): string {
  if (width === 0) return text;
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  return flags.minus ? text + ' '.repeat(missing) : (isZero ? '0' : ' ').repeat(missing) + text;
}
