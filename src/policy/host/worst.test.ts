/** What the worst known operands take: ticks or a limit end it, and nothing is done that is not paid for. Threat P07. */
import { describe, expect, it } from 'vitest';
import { answer } from './answer.ts';
import type { HostBuiltin } from './builtin.ts';
import { HOST_BUILTINS } from './host-builtins.ts';

const BUDGET = 1_000_000;
const SPENT = 'no ticks are left';

const text = (part: string, times = 1): string => JSON.stringify(part.repeat(times));
const list = (length: number, item: (at: number) => unknown): string =>
  `[${Array.from({ length }, (_, at) => item(at)).join(', ')}]`;
const set = (length: number, item: (at: number) => unknown): string => `{${list(length, item).slice(1, -1)}}`;
const nest = (depth: number, open: string, close: string, inner = '1'): string =>
  open.repeat(depth) + inner + close.repeat(depth);
const copies = (count: number): string => list(count, (at) => `{"from": "", "op": "copy", "path": "/k${at}"}`);
const chain = (length: number): string => set(length, (at) => `"a${at}": ["a${at + 1}"]`);
/** A graph whose paths double at each step. */
const diamonds = (steps: number): string =>
  set(steps, (at) => `"${at}": ["${at}l", "${at}r"], "${at}l": ["${at + 1}"], "${at}r": ["${at + 1}"]`);
const token = (payload: string): string => text(`e30.${Buffer.from(payload).toString('base64url')}.AA`);
const quotes = `${Buffer.from('{"cty":"JWT"}').toString('base64url')}.${Buffer.from(`x${'"'.repeat(100_000)}x`).toString('base64url')}.AA`;

interface Ending {
  readonly error: string | undefined;
  readonly ticks: number;
  readonly result: string;
}

/** As the host has it answered, with a budget that it cannot see. */
function end(name: string, operands: readonly string[]): Ending {
  let ticks = 0;
  const spend = (more: number): void => {
    ticks += more;
    if (ticks > BUDGET) throw new RangeError(SPENT);
  };
  try {
    return { result: answer(HOST_BUILTINS[name] as HostBuiltin, operands, spend) ?? '', error: undefined, ticks };
  } catch (error) {
    return { error: (error as Error).message, ticks, result: '' };
  }
}

/** What ends by itself, however long it is: its work is its operands and its result. */
const LINEAR: readonly (readonly [name: string, ...operands: readonly string[]])[] = [
  ['crypto.hmac.equal', text('a', 120_000), text('a', 120_000)],
  ['crypto.hmac.md5', text('a', 120_000), text('a', 120_000)],
  ['crypto.hmac.sha1', text('a', 120_000), text('a', 120_000)],
  ['crypto.hmac.sha256', text('a', 120_000), text('a', 120_000)],
  ['crypto.hmac.sha512', text('a', 120_000), text('a', 120_000)],
  ['crypto.md5', text('a', 240_000)],
  ['crypto.sha1', text('a', 240_000)],
  ['crypto.sha256', text('a', 240_000)],
  ['base64url.encode_no_pad', text('a', 120_000)],
  ['hex.encode', text('a', 120_000)],
  ['hex.decode', text('61', 120_000)],
  ['urlquery.encode', text('*', 80_000)],
  ['urlquery.decode', text('%61', 80_000)],
  ['net.cidr_is_valid', text('1.', 120_000)],
  ['uuid.parse', text('0', 240_000)],
  ['time.date', '[0, "Europe/Berlin"]'],
  ['time.clock', '[0, "Europe/Berlin"]'],
  ['time.weekday', '[0, "Europe/Berlin"]'],
  ['time.add_date', '[0, "Europe/Berlin"]', '1', '1', '1'],
];

/** What would go on, grow, or multiply, and what says that it does not. */
const ENDED: readonly (readonly [name: string, what: string, operands: readonly string[], error: string])[] = [
  ['json.patch', 'copies that double the document', ['{}', copies(26)], SPENT],
  [
    'json.patch',
    'copies of more than may be written',
    [text('a', 100_000), list(3, () => '{"from": "", "op": "copy", "path": ""}')],
    'the copies of a patch are too long',
  ],
  [
    'json.patch',
    'members that are added one by one',
    ['{}', list(1000, (at) => `{"op": "add", "path": "/k${at}", "value": 1}`)],
    SPENT,
  ],
  [
    'json.patch',
    'a long array that is changed often',
    [list(20_000, () => 0), list(1500, () => '{"op": "add", "path": "/0", "value": 1}')],
    SPENT,
  ],
  [
    'json.marshal_with_options',
    'a prefix on each line',
    [list(2000, () => 0), `{"prefix": ${text(' ', 100_000)}}`],
    'the result is too long',
  ],
  [
    'json.marshal_with_options',
    'keys that are JSON of JSON',
    [nest(40, '{', ': 1}', '"\\""'), '{}'],
    'the result is too long',
  ],
  [
    'json.marshal_with_options',
    'a large set, put in order',
    [set(7000, (at) => text(String((at * 3571) % 7000))), '{}'],
    SPENT,
  ],
  ['graph.reachable_paths', 'paths that double', [diamonds(14), '["0"]'], SPENT],
  ['graph.reachable_paths', 'one path that is long', [chain(1500), '["a0"]'], SPENT],
  [
    'graph.reachable_paths',
    'a long name that many paths begin with',
    [
      `{${text('x', 20_000)}: ${list(500, (at) => text(`b${at}`))}, ${set(500, (at) => `"b${at}": []`).slice(1, -1)}}`,
      `[${text('x', 20_000)}]`,
    ],
    SPENT,
  ],
  [
    'graph.reachable_paths',
    'long names on many paths',
    [
      set(
        40,
        (at) =>
          `${text('x'.repeat(1000) + at)}: [${text(`${'x'.repeat(1000)}${at + 1}`)}, ${text(`${'x'.repeat(1000)}${at + 2}`)}]`,
      ),
      `[${text(`${'x'.repeat(1000)}0`)}]`,
    ],
    SPENT,
  ],
  ['regex.find_n', 'a repetition after another', [text('a{1000}', 140), '"a"', '1'], SPENT],
  ['regex.find_n', 'a repetition of repetitions', [text('((a{10}){10}){10}', 50), '"a"', '1'], SPENT],
  ['regex.find_n', 'a repetition of classes by name', [text('\\pL{1000}', 110), '"a"', '1'], SPENT],
  ['regex.find_n', 'classes in any case', [text('(?i)\\pL', 140), '"a"', '1'], SPENT],
  ['regex.find_n', 'a search that begins anew', ['"a(.*c)?"', text('a', 4000), '-1'], SPENT],
  ['regex.find_n', 'groups that are carried along', [text('(a?)', 40), text('a', 1000), '-1'], SPENT],
  ['regex.split', 'a search that begins anew', ['"a(.*c)?"', text('a', 4000)], SPENT],
  [
    'regex.replace',
    'a match that is there often',
    [text('a', 100_000), '"(?s).*"', text('$0', 2000)],
    'the result is too long',
  ],
  ['regex.replace', 'references to nothing', [text('a', 1000), '"a"', text('$z', 60_000)], SPENT],
  ['regex.template_match', 'a pattern in each part', [text('<\\pL{1000}>', 70), '"a"', '"<"', '">"'], SPENT],
  [
    'regex.template_match',
    'parts, before it is known that one does not end',
    [text(`${'<a{1000}>'.repeat(3)}<`), '"a"', '"<"', '">"'],
    SPENT,
  ],
  [
    'regex.template_match',
    'a template of 8 KB',
    [text('<\\pL{1000}>', 700), '"a"', '"<"', '">"'],
    'the template is too long',
  ],
  ['sprintf', 'directives', [text('%%', 9500), '[]'], SPENT],
  ['sprintf', 'digits that are not shown', [text('%.0[1]f', 3000), '[5e-324]'], SPENT],
  ['sprintf', 'a text that is not shown', [text('%.0[1]s', 30_000), '["a"]'], SPENT],
  ['sprintf', 'a number of a value that does not end', [text('%[%', 60_000), '[]'], SPENT],
  [
    'sprintf',
    'a set of sets',
    [
      '"%v"',
      `[${nest(14, '{', '}').replaceAll(
        '1',
        set(12_000, (at) => `[${at}]`),
      )}]`,
    ],
    SPENT,
  ],
  ['sprintf', 'more values than are asked for', ['""', list(20_000, () => 1)], SPENT],
  ['strings.count', 'a text that is almost there', [text('a', 100_000), text(`${'a'.repeat(1000)}b`)], SPENT],
  ['indexof_n', 'a text that is almost there', [text('a', 100_000), text(`${'a'.repeat(1000)}b`)], SPENT],
  ['indexof_n', 'more places than may be written', [text('a', 60_000), '"a"'], 'the result is too long'],
  ['strings.split_n', 'a text that is almost there', [text('a', 100_000), text(`${'a'.repeat(1000)}b`), '1'], SPENT],
  ['strings.any_prefix_match', 'each with each', [list(2000, () => '"a"'), list(2000, () => '"b"')], SPENT],
  ['strings.any_suffix_match', 'each with each', [list(2000, () => '"a"'), list(2000, () => '"b"')], SPENT],
  ['object.subset', 'each member with each', [list(1500, () => 1), list(1000, (at) => (at === 999 ? 2 : 1))], SPENT],
  ['object.subset', 'a number of many digits', [`1${'0'.repeat(100_000)}1`, '1'], 'the number is too long'],
  [
    'net.cidr_contains_matches',
    'each with each',
    [list(100, () => '"10.0.0.0/8"'), list(100, () => '"10.0.0.1"')],
    SPENT,
  ],
  ['net.cidr_merge', 'many networks', [list(3000, () => '"10.0.0.0/8"')], SPENT],
  [
    'net.cidr_merge',
    'long addresses side by side, each a part of what covers them',
    [set(300, (at) => `"2001:db8:${(at * 2).toString(16)}::1/128", "2001:db8:${(at * 2).toString(16)}::2/128"`)],
    SPENT,
  ],
  ['net.cidr_expand', 'more than may be made', ['"10.0.0.0/19"'], 'the network is too large'],
  ['numbers.range_step', 'more than may be made', ['0', '10000', '1'], 'there are too many numbers'],
  ['units.parse', 'digits that could be cut anywhere', [text(`${'1'.repeat(200_000)}+`)], 'it is no amount'],
  ['units.parse', 'digits', [text('1', 200_000)], 'the amount is too long'],
  ['units.parse_bytes', 'digits', [text('1', 200_000)], 'the amount is too long'],
  ['time.parse_duration_ns', 'segments', [text('1s', 100_000)], 'the duration is too long'],
  ['time.parse_ns', 'elements', [text('2006', 30_000), text('2024', 30_000)], SPENT],
  ['time.parse_rfc3339_ns', 'digits', [text('2', 200_000)], 'the time does not fit its layout'],
  ['time.format', 'elements', [`[0, "UTC", ${text('2006', 40_000)}]`], SPENT],
  ['time.diff', 'elements', [`[0, "UTC", ${text('2006', 40_000)}]`, '0'], SPENT],
  ['semver.compare', 'identifiers', [text(`1.0.0-1${'.1'.repeat(70_000)}`), '"1.0.0"'], SPENT],
  ['semver.is_valid', 'identifiers', [text(`1.0.0-1${'.1'.repeat(70_000)}`)], SPENT],
  ['glob.quote_meta', 'signs', [text('*', 240_000)], SPENT],
  [
    'urlquery.encode_object',
    'a long name for each value',
    [`{${text('k', 100_000)}: ${list(2000, () => '""')}}`],
    'the result is too long',
  ],
  ['urlquery.decode_object', 'parameters', [text('a=1&', 9000)], SPENT],
  ['io.jwt.decode', 'values', [token(`{"a":[${'1,'.repeat(20_000)}1]}`)], SPENT],
  ['io.jwt.decode', 'quotes that end nowhere', [text(quotes)], 'a token has three sections'],
  ['crypto.hmac.equal', 'operands that take long to read', [list(60_000, () => 1), '1'], SPENT],
];

describe('the worst that a builtin of the host can be given [P07]', () => {
  it.each(ENDED)('%s: %s', (name, _, operands, error) => {
    expect(end(name, operands).error).toBe(error);
  });

  it.each(LINEAR)('%s takes as much as it reads and writes, and pays for it', (name, ...operands) => {
    const { error, ticks, result } = end(name, operands);
    const length = operands.reduce((sum, each) => sum + each.length, result.length);
    expect(error).toBeUndefined();
    expect(ticks).toBeGreaterThan(length / 4);
  });

  it('is known of every one', () => {
    const known = [...ENDED, ...LINEAR].map(([name]) => name);
    expect(Object.keys(HOST_BUILTINS).filter((name) => !known.includes(name))).toEqual([]);
  });
});
