import { RE2JS } from 're2js';
import { BoundedText } from './bounded-text.ts';
import type { HostBuiltins, Spend } from './builtin.ts';
import { instructionsOf } from './instructions.ts';
import { operand } from './operand.ts';

/** Where a match begins and ends, and its groups: in UTF-16 units, -1 where a group took no part. */
type Match = readonly (readonly [number, number])[];

/** `regex.*` without what is compiled into the module: Go's own syntax and semantics, RE2's. */
export const REGEXES: HostBuiltins = {
  'regex.find_n': ([pattern, text, count], spend) => {
    const [whole, limit] = [operand.text(text), Number(operand.integer(count))];
    const { matches } = search(operand.text(pattern), whole, limit, spend);
    return matches.map(([all]) => whole.slice(...bounds(all)));
  },

  'regex.split': ([pattern, text], spend) => {
    const whole = operand.text(text);
    const { matches } = search(operand.text(pattern), whole, -1, spend);
    return split(whole, operand.text(pattern), matches);
  },

  'regex.replace': ([text, pattern, replacement], spend) => {
    const [whole, template] = [operand.text(text), operand.text(replacement)];
    const { matches, expression } = search(operand.text(pattern), whole, -1, spend);
    const names = expression.namedGroups();
    const result = new BoundedText(spend);
    let end = 0;
    for (const match of matches) {
      const [from, to] = bounds(match[0]);
      result.write(whole.slice(end, from));
      expand(template, { text: whole, match, names }, result);
      end = to;
    }
    result.write(whole.slice(end));
    return result.toString();
  },

  'regex.template_match': ([template, text, open, close], spend) => {
    const pattern = templatePattern(operand.text(template), delimiter(open), delimiter(close), spend);
    return search(pattern, operand.text(text), 1, spend).matches.length > 0;
  },
};

const MAX_PATTERN = 1000;
/** Nothing is kept: a compiled pattern grows by up to 8 MiB as it is used. */
const TICKS_PER_INSTRUCTION = 500;
const MATCH_TICKS = 20;

function bounds(group: readonly [number, number] | undefined): readonly [number, number] {
  return group ?? [0, 0];
}

/**
 * Compiles a pattern, which is paid for before: a few characters may repeat a thousand times (`a{1000}`).
 * @throws Error where it is none, or too long
 */
function compile(pattern: string, spend: Spend): RE2JS {
  if (pattern.length > MAX_PATTERN) throw new RangeError('the pattern is too long');
  const instructions = instructionsOf(pattern);
  spend(instructions * TICKS_PER_INSTRUCTION);
  const expression = RE2JS.compile(pattern);
  spend(Math.max(0, expression.programSize() - instructions) * TICKS_PER_INSTRUCTION);
  return expression;
}

/** What was found, and by what. */
interface Found {
  readonly matches: readonly Match[];
  readonly expression: RE2JS;
}

/**
 * Finds matches as Go's `FindAll` does: from the left, none within another, and no empty one right behind another. The
 * whole rest of the text may have to be read for each, so each is paid for as if it were, before it is sought.
 */
function search(pattern: string, text: string, limit: number, spend: Spend): Found {
  const expression = compile(pattern, spend);
  const matcher = expression.matcher(text);
  const matches: Match[] = [];
  // Each thread of a search carries where its groups begin and end.
  const width = expression.programSize() * (1 + matcher.groupCount() / 4);
  let [at, lastEnd] = [0, -1];
  const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  for (; at <= text.length && matches.length < most; ) {
    spend((text.length - at + 1) * width + matcher.groupCount() * MATCH_TICKS);
    if (!matcher.find(at)) break;
    const [from, to] = [matcher.start(), matcher.end()];
    if (to > from || from !== lastEnd) matches.push(groupsOf(matcher));
    lastEnd = to;
    at = to > at ? to : at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
  }
  return { matches, expression };
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

/** A match, and what its groups are called. */
interface Groups {
  readonly text: string;
  readonly match: Match;
  readonly names: Readonly<Record<string, number>>;
}

const REFERENCE = /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/** `$1`, `${1}`, `$name` and `$$`, as Go's `Expand` reads them: a name is as long as it can be. */
function expand(template: string, groups: Groups, result: BoundedText): void {
  let end = 0;
  for (const found of template.matchAll(REFERENCE)) {
    const [all, dollar, braced, bare] = found;
    result.write(template.slice(end, found.index));
    result.write(dollar ?? groupOf(String(braced ?? bare), groups));
    end = found.index + all.length;
  }
  result.write(template.slice(end));
}

function groupOf(name: string, { text, match, names }: Groups): string {
  const group = /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : names[name];
  const [from, to] = (group === undefined ? undefined : match[group]) ?? [-1, -1];
  return from < 0 ? '' : text.slice(from, to);
}

function delimiter(value: unknown): string {
  const text = operand.text(value);
  if (Buffer.byteLength(text) !== 1) throw new RangeError('a delimiter is one character of ASCII');
  return text;
}

/** What is between the delimiters is a pattern, and the rest is itself. */
function templatePattern(template: string, open: string, close: string, spend: Spend): string {
  // Each inner pattern is compiled by itself, and none of them may be longer than a pattern.
  if (template.length > MAX_PATTERN) throw new RangeError('the template is too long');
  let [pattern, level, end, begin] = ['^', 0, 0, 0];
  for (const [at, each] of template.split('').entries()) {
    // In Go's order: where both are one character, it only ever opens.
    if (each === open) {
      if (++level === 1) begin = at;
    } else if (each === close) {
      if (--level < 0) throw new SyntaxError('the delimiters are not balanced');
      if (level > 0) continue;
      const inner = template.slice(begin + 1, at);
      compile(`^${inner}$`, spend);
      pattern += `${RE2JS.quote(template.slice(end, begin))}(${inner})`;
      end = at + 1;
    }
  }
  if (level !== 0) throw new SyntaxError('the delimiters are not balanced');
  return `${pattern}${RE2JS.quote(template.slice(end))}$`;
}
