/** One segment of a template: literal text, one `{name}` segment, or the `{rest+}` tail. */
type Part = { readonly literal: string } | { readonly name: string; readonly tail: boolean };

/** A parsed path template: `{name}` is one segment, `{rest+}` a tail of one or more. */
export interface PathTemplate {
  readonly text: string;
  readonly names: readonly string[];
  readonly parts: readonly Part[];
}

const VARIABLE = /^\{([a-z][a-z0-9_]*)(\+?)\}$/;
const LITERAL = /^[A-Za-z0-9\-._~!$&'()*+,=:@]+$/;

/**
 * Parses a template such as `/v1/regions/{region}/invoices/{id}`.
 * @throws Error with a plain message; the caller knows file, line and column
 */
export function parsePathTemplate(text: string): PathTemplate {
  if (!text.startsWith('/')) throw new Error('a path begins with "/"');
  const names: string[] = [];
  const segments = text === '/' ? [''] : text.slice(1).split('/');
  const parts = segments.map((segment, index): Part => {
    const variable = VARIABLE.exec(segment);
    if (variable === null) {
      if (!(segment === '' && index === segments.length - 1) && (!LITERAL.test(segment) || /^\.{1,2}$/.test(segment))) {
        throw new Error(`segment "${segment}" is neither plain text nor {name} nor {rest+}`);
      }
      return { literal: segment };
    }
    const [, name = '', plus] = variable;
    if (names.includes(name)) throw new Error(`{${name}} is there twice`);
    if (plus === '+' && index < segments.length - 1) throw new Error(`{${name}+} is a tail and must come last`);
    names.push(name);
    return { name, tail: plus === '+' };
  });
  return { text, names, parts };
}

/**
 * Matches canonical path segments; undefined where they do not fit.
 * @returns the percent-decoded value of each `{name}`. request/path.ts has refused every escape that
 *   could decode in two ways, so that decoding here is safe.
 */
export function matchPath(template: PathTemplate, segments: readonly string[]): Record<string, string> | undefined {
  const { parts } = template;
  const last = parts.at(-1);
  const hasTail = last !== undefined && 'tail' in last && last.tail;
  if (hasTail ? segments.length < parts.length : segments.length !== parts.length) return undefined;
  // Plain, for speed; read by own name only.
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] ?? '';
    if ('literal' in part) {
      if (part.literal !== segment) return undefined;
    } else {
      const value = part.tail ? segments.slice(index).join('/') : segment;
      if (value === '') return undefined;
      params[part.name] = value.includes('%') ? decodeURIComponent(value) : value;
    }
  }
  return params;
}
