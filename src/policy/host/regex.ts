import { RE2JS } from 're2js';
import { Costly, type HostBuiltin, type HostBuiltins } from './builtin.ts';
import { operand } from './operand.ts';

/** Where a match begins and ends, and its groups: in UTF-16 units, -1 where a group took no part. */
type Match = readonly (readonly [number, number])[];

/** `regex.*` without what is compiled into the module: Go's own syntax and semantics, RE2's. */
export const REGEXES: HostBuiltins = {
  'regex.find_n': (pattern, text, count) => {
    const [whole, limit] = [operand.text(text), Number(operand.integer(count))];
    return search(operand.text(pattern), whole, limit, (matches) =>
      matches.map(([all]) => whole.slice(...bounds(all))),
    );
  },

  'regex.split': (pattern, text) => {
    const whole = operand.text(text);
    return search(operand.text(pattern), whole, -1, (matches) => split(whole, operand.text(pattern), matches));
  },

  'regex.replace': (text, pattern, replacement) => {
    const [whole, template] = [operand.text(text), operand.text(replacement)];
    return search(operand.text(pattern), whole, -1, (matches, expression) => {
      const groups = expression.namedGroups();
      let [result, end] = ['', 0];
      for (const match of matches) {
        const [from, to] = bounds(match[0]);
        result += whole.slice(end, from) + expand(template, whole, match, groups);
        if (result.length > MAX_RESULT) throw new RangeError('the result is too long');
        end = to;
      }
      return result + whole.slice(end);
    });
  },

  'regex.template_match': ((template, text, open, close) => {
    const pattern = templatePattern(operand.text(template), delimiter(open), delimiter(close));
    return search(pattern, operand.text(text), 1, (matches) => matches.length > 0);
  }) satisfies HostBuiltin,
};

const MAX_PATTERN = 1000;
const MAX_RESULT = 256 * 1024;
/** Characters looked at times instructions of the pattern, for one call: about 40 ms where they are the worst. */
const MAX_STEPS = 2_000_000;
/** Nothing is kept: a compiled pattern grows by up to 8 MiB as it is used. */
const TICKS_PER_INSTRUCTION = 500;

function bounds(group: readonly [number, number] | undefined): readonly [number, number] {
  return group ?? [0, 0];
}

/**
 * Finds matches as Go's `FindAll` does: from the left, none within another, and no empty one right behind another. The
 * whole rest of the text may have to be read for each, so each is paid for as if it were.
 */
function search(
  pattern: string,
  text: string,
  limit: number,
  use: (matches: readonly Match[], expression: RE2JS) => unknown,
): Costly {
  if (pattern.length > MAX_PATTERN) throw new RangeError('the pattern is too long');
  const expression = RE2JS.compile(pattern);
  const matcher = expression.matcher(text);
  const matches: Match[] = [];
  let [at, lastEnd, steps] = [0, -1, 0];
  const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  for (; at <= text.length && matches.length < most; ) {
    steps += (text.length - at + 1) * expression.programSize();
    if (steps > MAX_STEPS) throw new RangeError('the search takes too long');
    if (!matcher.find(at)) break;
    const [from, to] = [matcher.start(), matcher.end()];
    if (to > from || from !== lastEnd) matches.push(groupsOf(matcher));
    lastEnd = to;
    at = to > at ? to : at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
  }
  const ticks = steps + expression.programSize() * TICKS_PER_INSTRUCTION;
  return new Costly(use(matches, expression), ticks);
}

function groupsOf(matcher: ReturnType<RE2JS['matcher']>): Match {
  return Array.from({ length: matcher.groupCount() + 1 }, (_, group) => [matcher.start(group), matcher.end(group)]);
}

/** Go's `Split`: no empty text before a match of nothing at the beginning, nor behind one at the end. */
function split(text: string, pattern: string, matches: readonly Match[]): string[] {
  if (pattern !== '' && text === '') return [''];
  const parts: string[] = [];
  let [begin, end] = [0, 0];
  for (const [all] of matches) {
    const [from, to] = bounds(all);
    end = from;
    if (to !== 0) parts.push(text.slice(begin, from));
    begin = to;
  }
  return end === text.length ? parts : [...parts, text.slice(begin)];
}

/** `$1`, `${1}`, `$name` and `$$`, as Go's `Expand` reads them: a name is as long as it can be. */
function expand(template: string, text: string, match: Match, names: Readonly<Record<string, number>>): string {
  return template.replaceAll(/\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu, (_, dollar, braced, bare) => {
    if (dollar !== undefined) return '$';
    const name = String(braced ?? bare);
    const group = /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : names[name];
    const [from, to] = (group === undefined ? undefined : match[group]) ?? [-1, -1];
    return from < 0 ? '' : text.slice(from, to);
  });
}

function delimiter(value: unknown): string {
  const text = operand.text(value);
  if (Buffer.byteLength(text) !== 1) throw new RangeError('a delimiter is one character of ASCII');
  return text;
}

/** What is between the delimiters is a pattern, and the rest is itself. */
function templatePattern(template: string, open: string, close: string): string {
  let [pattern, level, end, begin] = ['^', 0, 0, 0];
  for (const [at, each] of template.split('').entries()) {
    // In Go's order: where both are one character, it only ever opens.
    if (each === open) {
      if (++level === 1) begin = at;
    } else if (each === close) {
      if (--level < 0) throw new SyntaxError('the delimiters are not balanced');
      if (level > 0) continue;
      const inner = template.slice(begin + 1, at);
      RE2JS.compile(`^${inner}$`);
      pattern += `${RE2JS.quote(template.slice(end, begin))}(${inner})`;
      end = at + 1;
    }
  }
  if (level !== 0) throw new SyntaxError('the delimiters are not balanced');
  return `${pattern}${RE2JS.quote(template.slice(end))}$`;
}
