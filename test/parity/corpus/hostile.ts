import type { Random } from '../../fuzz/random.ts';
import type { Call } from './case.ts';
import { among, either, list, type Make, object, operands, pieces } from './operands.ts';

const NETWORKS = [
  '10.0.0.0/8',
  '169.254.0.0/16',
  '0.0.0.0/0',
  '10.1.2.3/32',
  '::/0',
  '2001:db8::/32',
  '::ffff:0:0/96',
  '::ffff:10.0.0.0/104',
  'fe80::/10',
];
const ADDRESSES = [
  '10.0.0.1',
  '10.1.2.3',
  '169.254.169.254',
  '::1',
  '2001:db8::1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:0a00:0001',
  '0:0:0:0:0:ffff:a00:1',
  '::10.0.0.1',
  '64:ff9b::10.0.0.1',
];
/** What a strict reader refuses at the end of an address, and a lax one passes over. */
const TAILS = ['/16x', '/ 16', '/8/8', '/33', '/-1', '/', '/08', '/+8', '/0', '/32', '/128', '/129', '/4294967304'];
const NOISE = ['x', ' ', '\n', '\u0000', '\u0000x', '%eth0', '.5', '.', ':', '::'];
/** As other readers of addresses take them. */
const STRANGE = ['010.0.0.1', '10.1', '167772161', '0x0a.0.0.1', '10.0.0.256', '10..0.1', '[::1]', '2001:db8:::1', ''];

function noisy(from: readonly string[]): Make {
  return (random) => {
    const text = random.pick(from);
    if (random.chance(0.7)) return text;
    if (random.chance(0.4)) return `${text.split('/')[0]}${random.pick(TAILS)}`;
    return random.chance(0.7) ? text + random.pick(NOISE) : random.pick(NOISE) + text;
  };
}

const network = noisy(NETWORKS);
const host: Make = (random) =>
  random.chance(0.05) ? random.pick(STRANGE) : noisy(random.chance(0.75) ? ADDRESSES : NETWORKS)(random);

const WILD = ['*', '**', '?', '[a-c]', '[!a]', '[^a]', '[!.]', '{a,b}', '{a,*}', '\\*', 'a', 'b', '.', '/', 'é', '\n'];
const ODD = [
  '{',
  '[',
  ']',
  '}',
  '\\',
  '(',
  ')',
  '+',
  '$',
  '^',
  '|',
  '{a,b{c,d}}',
  '[]',
  '[a',
  '{,}',
  '[\n]',
  '[a-]',
  ',',
];
const glob = either(
  pieces(WILD, 4),
  pieces(WILD, 3),
  pieces([...WILD, ...ODD], 3),
  among('/admin/**', '/admin/*', '**admin', '*.example.com', '**.example.com', '*:*'),
);
const DELIMITERS = [[], [], null, ['.'], ['/'], ['.', '/'], ['-'], [']'], ['^'], ['\\'], ['\n'], ['é'], [':']];
const delimiters = either(among(...DELIMITERS), among(...DELIMITERS, ['ab'], [''], ['*'], [1]));
const path = either(
  pieces(['a', 'b', 'c', '.', '/', '\n', '\r', '\u2028', '\u0000', 'é', '😀', '*', '-', ':'], 5),
  among('/admin/a\nb', '/admin/a', 'x\nadmin', '/admin/', 'a.example.com', 'a\n.example.com', 'a:b:c'),
);

const numeral = either(
  pieces(['1', '0', '5', '-', '+', '.', 'e', 'E', '400', '99999999999', '_', ' '], 4),
  pieces(['1', '2', '30', '.5', 'e3'], 3),
  among('-', '1e400', '-1e400', '1e309', '.5', '5.', '01', '-0', '1e', '1e99999', '+1', ' 1', '1 ', '1_000', '0x1'),
  among('Infinity', '-inf', 'nan', '1\u0000', '\u0661', '1,5', '9007199254740993', '1e-400', '99999999999999999999'),
);

const MEMBERS = ['1', '-1.5', '"a"', 'true', 'null', '[]', '{}', '[1,2]', '{"a":1}', '1e3', '"é"'];
const TORN = ['01', '.5', '-', '1.', '1e400', '1e99999', 'nul', 'truex', "'x'", '"\\ud800"', '"\\u0000"', '"\n"', '"a'];
const member = (random: Random): string => (random.chance(0.85) ? random.pick(MEMBERS) : random.pick(TORN));
const document: Make = (random) => {
  const [one, other] = [member(random), member(random)];
  const end = random.chance(0.75) ? '' : random.pick(['x', ' ', ',', '\n', '\u0000', '}', ']', ' 1', '//', '\ufeff']);
  const whole = random.pick([
    one,
    `[${one}]`,
    `[${one},${other}]`,
    `{"a":${one},"b":${other}}`,
    `{"a":${one},"a":${other}}`,
    ` ${one}`,
  ]);
  const torn = [
    `[${one},]`,
    `{"a":${one},}`,
    `{${one}: ${other}}`,
    `{${one}}`,
    `[,${one}]`,
    `{a:${one}}`,
    `/**/${one}`,
  ];
  return random.chance(0.85)
    ? whole + end
    : random.pick([...torn, 'set()', '{1,2}', '', `\ufeff${one}`, '[[[[', one + other]);
};

const ATOMS = [
  'a',
  'b',
  '.',
  '\\d',
  '\\s',
  '\\b',
  '^',
  '$',
  '[^a]',
  '(a|b)',
  '(?i)A',
  '(?s).',
  '(?m)^',
  '(?U)a+',
  '\\pL',
];
const NEWER = [
  '(?<n>a)',
  '(?P<m>b)',
  '\\C',
  '\\Z',
  '\\z',
  '\\8',
  '\\Qa.b\\E',
  '\\x{1F600}',
  '[a-\\d]',
  '(?<=a)',
  '(?=a)',
];
const DEEP = ['a**', 'a{1001}', '(?:(?:a{100}){100})', 'a{,5}', 'a++', '\\p{Script=Greek}', '\\p{Greek}', '[[:word:]]'];
const REPEATED = ['', '', '', '*', '+', '?', '{2}'];
const pattern: Make = (random) => {
  const made = Array.from({ length: 1 + random.below(3) }, () => random.pick(ATOMS) + random.pick(REPEATED)).join('');
  if (random.chance(0.75)) return made;
  return (
    random.pick(['', made]) +
    random.pick([...NEWER, ...NEWER, ...DEEP, '(', ')', '[', '\\', '(?P<n', '[\u0000]', '[z-a]'])
  );
};
const line = pieces(
  ['a', 'b', 'A', '1', ' ', '\n', '\r', '\u0000', '\u000b', '\u00a0', 'é', 'α', '٣', '😀', '\u017f', '\u212a'],
  5,
);

const long = pieces(
  ['a', 'ab', 'A', ',', ' ', '\u0000', '\n', 'é', 'ß', 'İ', 'Σ', 'ŉ', 'ǆ', '😀', '\u00a0', '\u200b', '\u212a'],
  5,
);
const needle = among('a', 'ab', ',', 'é', '😀', '\u0000', ' ', '\u00a0', 'b');
const perhapsNone = either(needle, needle, among('', 'A'));
const position = among(0, 1, 2, 5, -1, -2, 1.5, 100, 2 ** 31, 2 ** 32, 2 ** 53, 1e10);
const large = among(
  0,
  1,
  -1,
  0.5,
  -0.5,
  2.5,
  1e20,
  -1e20,
  1e22,
  1e300,
  -1e300,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  3,
  7,
);

const value = either(
  large,
  long,
  among(null, true, false, '', '1', '\ue000', '😀', [], {}, [null], { a: null }, [1], [1, 0], { a: 0 }, { b: 0 }),
);

/** What is compiled in and reads a text or a number closely, on what an attacker would send. */
export const HOSTILE: readonly Call[] = [
  { of: 'net.cidr_contains', rego: 'net.cidr_contains(input.a, input.b)', operands: operands(network, host) },
  { of: 'net.cidr_intersects', rego: 'net.cidr_intersects(input.a, input.b)', operands: operands(network, network) },
  {
    of: 'net.cidr_contains_matches',
    rego: 'net.cidr_contains_matches(input.a, input.b)',
    operands: operands(network, host),
  },
  {
    of: 'glob.match',
    rego: 'glob.match(input.a, input.b, input.c)',
    operands: operands(glob, delimiters, path),
  },
  {
    of: 'glob.match',
    rego: '[glob.match(input.a, [], input.b), glob.match(input.a, ["/"], input.b)]',
    operands: operands(glob, path),
  },
  { of: 'to_number', rego: 'to_number(input.a)', operands: operands(numeral) },
  { of: 'to_number', rego: 'to_number(input.a) <= 1000', operands: operands(numeral) },
  { of: 'json.is_valid', rego: 'json.is_valid(input.a)', operands: operands(document) },
  { of: 'json.unmarshal', rego: 'json.unmarshal(input.a)', operands: operands(document) },
  { of: 'regex.match', rego: 'regex.match(input.a, input.b)', operands: operands(pattern, line) },
  { of: 'regex.is_valid', rego: 'regex.is_valid(input.a)', operands: operands(pattern) },
  {
    of: 'regex.find_all_string_submatch_n',
    rego: 'regex.find_all_string_submatch_n(input.a, input.b, input.c)',
    operands: operands(pattern, line, among(-1, 0, 1, 2, -2, 1.5, 2 ** 32)),
  },
  {
    of: 'replace',
    rego: 'replace(input.a, input.b, input.c)',
    operands: operands(long, either(needle, needle, needle, perhapsNone), perhapsNone),
  },
  {
    of: 'strings.replace_n',
    rego: 'strings.replace_n({input.b: input.c}, input.a)',
    operands: operands(long, either(needle, needle, needle, perhapsNone), perhapsNone),
  },
  { of: 'indexof', rego: 'indexof(input.a, input.b)', operands: operands(long, perhapsNone) },
  { of: 'split', rego: 'split(input.a, input.b)', operands: operands(long, perhapsNone) },
  {
    of: 'substring',
    rego: 'substring(input.a, input.b, input.c)',
    operands: operands(long, position, position),
  },
  {
    of: 'trim',
    rego: '[trim(input.a, input.b), trim_left(input.a, input.b), trim_right(input.a, input.b), trim_space(input.a)]',
    operands: operands(long, perhapsNone),
  },
  {
    of: 'upper',
    rego: '[upper(input.a), lower(input.a), strings.reverse(input.a), count(input.a)]',
    operands: operands(long),
  },
  {
    of: 'contains',
    rego: '[contains(input.a, input.b), startswith(input.a, input.b), endswith(input.a, input.b), input.a < input.b]',
    operands: operands(long, perhapsNone),
  },
  { of: 'concat', rego: 'concat(input.a, {x | some x in input.b})', operands: operands(perhapsNone, list(needle)) },
  {
    of: 'base64.decode',
    rego: 'base64.decode(input.a)',
    operands: operands(pieces(['YQ==', 'YQ', 'YWI=', '/+8=', '_-8=', '\n', ' ', '=', '\u0000', 'é'], 2)),
  },
  { of: 'mul', rego: 'input.a * input.b', operands: operands(large, large) },
  { of: 'div', rego: 'input.a / input.b', operands: operands(large, large) },
  { of: 'plus', rego: 'input.a + input.b <= 1000', operands: operands(large, large) },
  { of: 'rem', rego: 'input.a % input.b', operands: operands(large, large) },
  { of: 'product', rego: 'product(input.a)', operands: operands(list(large)) },
  { of: 'sum', rego: 'sum(input.a)', operands: operands(list(large)) },
  { of: 'round', rego: 'round(input.a)', operands: operands(large) },
  { of: 'ceil', rego: '[ceil(abs(input.a)), floor(abs(input.a))]', operands: operands(large) },
  { of: 'bits.and', rego: 'bits.and(input.a, input.b)', operands: operands(large, large) },
  { of: 'bits.lsh', rego: 'bits.lsh(input.a, input.b)', operands: operands(large, among(0, 1, 40, 64, -1, 200)) },
  { of: 'bits.rsh', rego: 'bits.rsh(input.a, input.b)', operands: operands(large, among(0, 1, 40, 64, -1, 200)) },
  {
    of: 'numbers.range',
    rego: 'numbers.range(input.a, input.b)',
    operands: operands(among(0, 1.5, -3, 7), among(0, 2.5, 3)),
  },
  { of: 'array.slice', rego: 'array.slice(["a", "b", "c"], input.a, input.b)', operands: operands(position, position) },
  {
    of: 'object.get',
    rego: 'object.get({"a": [1, {"": 2}], "": 3, "1": 4}, input.a, "none")',
    operands: operands(either(list(among('a', '', 0, 1, '1', -1, 1.5, null), 3), among('a', '', 1, '1', null))),
  },
  { of: 'bits.negate', rego: 'bits.negate(input.a)', operands: operands(large) },
  { of: 'bits.or', rego: '[bits.or(input.a, input.b), bits.xor(input.a, input.b)]', operands: operands(large, large) },
  { of: 'format_int', rego: 'format_int(input.a, input.b)', operands: operands(large, among(2, 8, 10, 16, 3, 0)) },
  {
    of: 'lt',
    rego: '[input.a < input.b, input.a <= input.b, input.a > input.b, input.a >= input.b, input.a != input.b]',
    operands: operands(value, value),
  },
  {
    of: 'internal.member_2',
    rego: '[input.a in input.b, count([1 | 0, input.a in input.b]), sort(input.b), max(input.b), min(input.b)]',
    operands: operands(value, list(value)),
  },
  {
    of: 'union',
    rego: '[sort(union({{x | some x in input.a}, {y | some y in input.b}})), sort(intersection({{x | some x in input.a}, {y | some y in input.b}}))]',
    operands: operands(list(value), list(value)),
  },
  {
    of: 'object.union_n',
    rego: '[object.union_n(input.a), sort(object.keys(object.union_n(input.a)))]',
    operands: operands(list(object(value, ['', 'a', '\u0000', '1']))),
  },
  {
    of: 'json.remove',
    rego: '[json.remove(input.a, input.b), json.filter(input.a, input.b)]',
    operands: operands(
      object(object(value, ['', 'a', '0']), ['', 'a', '/', '~']),
      list(
        among('a', '/a', 'a/', '//', '/', '~0', '~1', '~', 'a/0', '/a/00', 'a~', ['a', '0'], ['~'], [''], [0], 1),
        2,
      ),
    ),
  },
  {
    of: 'is_null',
    rego: '[is_null(input.a), is_boolean(input.a), is_number(input.a), is_string(input.a), is_array(input.a), is_object(input.a), is_set(input.a), type_name(input.a)]',
    operands: operands(value),
  },
];
