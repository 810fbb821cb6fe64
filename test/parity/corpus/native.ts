import type { Call } from './case.ts';
import { among, boolean, either, integer, json, list, number, object, operands, pieces, text } from './operands.ts';

const word = pieces(['a', 'b', 'ab', 'é', '😀', ' ', ',', 'A'], 6);
const short = among('a', 'ab', ',', ' ', 'é', '');
const decimal = either(integer, number);
const encoded = pieces(['YQ==', 'YWI=', 'YWJj', 'w6k=', '_-8=', '+/8=', 'a', '=', '!'], 2);
const paths = list(pieces(['a', '/a', '/b', '/0', 'c'], 3), 2);

/** What is compiled into the module: of each family the most used, so that a module answers as OPA does. */
export const NATIVE: readonly Call[] = [
  { of: 'plus', rego: 'input.a + input.b', operands: operands(decimal, decimal) },
  { of: 'minus', rego: 'input.a - input.b', operands: operands(decimal, decimal) },
  { of: 'mul', rego: 'input.a * input.b', operands: operands(decimal, decimal) },
  { of: 'div', rego: 'input.a / input.b', operands: operands(decimal, decimal) },
  { of: 'rem', rego: 'input.a % input.b', operands: operands(integer, integer) },
  { of: 'round', rego: 'round(input.a)', operands: operands(decimal) },
  { of: 'ceil', rego: 'ceil(input.a)', operands: operands(decimal) },
  { of: 'floor', rego: 'floor(input.a)', operands: operands(decimal) },
  { of: 'abs', rego: 'abs(input.a)', operands: operands(decimal) },
  { of: 'bits.and', rego: 'bits.and(input.a, input.b)', operands: operands(integer, integer) },
  { of: 'bits.or', rego: 'bits.or(input.a, input.b)', operands: operands(integer, integer) },
  { of: 'bits.xor', rego: 'bits.xor(input.a, input.b)', operands: operands(integer, integer) },
  { of: 'sum', rego: 'sum(input.a)', operands: operands(list(decimal)) },
  { of: 'product', rego: 'product(input.a)', operands: operands(list(decimal)) },
  { of: 'count', rego: 'count(input.a)', operands: operands(list(decimal)) },
  { of: 'max', rego: 'max(input.a)', operands: operands(list(json(1))) },
  { of: 'min', rego: 'min(input.a)', operands: operands(list(json(1))) },
  { of: 'sort', rego: 'sort(input.a)', operands: operands(list(json(1))) },
  { of: 'format_int', rego: 'format_int(input.a, input.b)', operands: operands(decimal, among(2, 8, 10, 16)) },
  {
    of: 'to_number',
    rego: 'to_number(input.a)',
    operands: operands(either(among('1', '1.5', '-2', '1e3', 'x', '', '0x1', true, false, null), number)),
  },
  { of: 'concat', rego: 'concat(input.a, input.b)', operands: operands(short, list(word)) },
  { of: 'split', rego: 'split(input.a, input.b)', operands: operands(word, short) },
  { of: 'contains', rego: 'contains(input.a, input.b)', operands: operands(word, short) },
  { of: 'startswith', rego: 'startswith(input.a, input.b)', operands: operands(word, short) },
  { of: 'endswith', rego: 'endswith(input.a, input.b)', operands: operands(word, short) },
  { of: 'indexof', rego: 'indexof(input.a, input.b)', operands: operands(word, among('a', 'ab', 'é', 'b')) },
  {
    of: 'substring',
    rego: 'substring(input.a, input.b, input.c)',
    operands: operands(word, among(0, 1, 2, 5, -1), among(0, 1, 3, -1, 100)),
  },
  { of: 'lower', rego: 'lower(input.a)', operands: operands(word) },
  { of: 'upper', rego: 'upper(input.a)', operands: operands(word) },
  { of: 'strings.reverse', rego: 'strings.reverse(input.a)', operands: operands(word) },
  { of: 'replace', rego: 'replace(input.a, input.b, input.c)', operands: operands(word, among('a', 'ab', 'é'), short) },
  {
    of: 'strings.replace_n',
    rego: 'strings.replace_n(input.a, input.b)',
    operands: operands(object(short, ['a', 'ab', 'é']), word),
  },
  { of: 'trim', rego: 'trim(input.a, input.b)', operands: operands(word, short) },
  { of: 'trim_left', rego: 'trim_left(input.a, input.b)', operands: operands(word, short) },
  { of: 'trim_right', rego: 'trim_right(input.a, input.b)', operands: operands(word, short) },
  { of: 'trim_prefix', rego: 'trim_prefix(input.a, input.b)', operands: operands(word, short) },
  { of: 'trim_suffix', rego: 'trim_suffix(input.a, input.b)', operands: operands(word, short) },
  { of: 'trim_space', rego: 'trim_space(input.a)', operands: operands(word, short) },
  { of: 'base64.decode', rego: 'base64.decode(input.a)', operands: operands(encoded) },
  { of: 'base64url.decode', rego: 'base64url.decode(input.a)', operands: operands(encoded) },
  { of: 'base64.encode', rego: 'base64.encode(input.a)', operands: operands(text) },
  { of: 'base64url.encode', rego: 'base64url.encode(input.a)', operands: operands(text) },
  { of: 'base64.is_valid', rego: 'base64.is_valid(input.a)', operands: operands(text) },
  { of: 'json.marshal', rego: 'json.marshal(input.a)', operands: operands(json(2)) },
  {
    of: 'json.unmarshal',
    rego: 'json.unmarshal(input.a)',
    operands: operands(among('1', '{"a":[1,2.50]}', '[', '"é"', ' null ', '{"a":1}x', '')),
  },
  {
    of: 'json.filter',
    rego: 'json.filter(input.a, input.b)',
    operands: operands(object(json(1), ['a', 'b', 'c']), paths),
  },
  {
    of: 'json.remove',
    rego: 'json.remove(input.a, input.b)',
    operands: operands(object(json(1), ['a', 'b', 'c']), paths),
  },
  {
    of: 'object.get',
    rego: 'object.get(input.a, input.b, input.c)',
    operands: operands(object(json(1)), either(text, list(among('a', 'b', 0), 2)), json(1)),
  },
  { of: 'object.union', rego: 'object.union(input.a, input.b)', operands: operands(object(json(1)), object(json(1))) },
  {
    of: 'object.remove',
    rego: 'object.remove(input.a, input.b)',
    operands: operands(object(json(1)), list(among('a', 'b', 'é'))),
  },
  {
    of: 'object.filter',
    rego: 'object.filter(input.a, input.b)',
    operands: operands(object(json(1)), list(among('a', 'b', 'é'))),
  },
  { of: 'array.concat', rego: 'array.concat(input.a, input.b)', operands: operands(list(json(1)), list(json(1))) },
  { of: 'array.reverse', rego: 'array.reverse(input.a)', operands: operands(list(json(1)), list(json(1))) },
  { of: 'array.slice', rego: 'array.slice(input.a, 0, 2)', operands: operands(list(json(1)), list(json(1))) },
  { of: 'array.flatten', rego: 'array.flatten(input.a)', operands: operands(list(list(json(1)))) },
  {
    of: 'and',
    rego: 'sort({x | some x in input.a} & {x | some x in input.b})',
    operands: operands(list(json(1)), list(json(1))),
  },
  {
    of: 'or',
    rego: 'sort({x | some x in input.a} | {x | some x in input.b})',
    operands: operands(list(json(1)), list(json(1))),
  },
  {
    of: 'minus',
    rego: 'sort({x | some x in input.a} - {x | some x in input.b})',
    operands: operands(list(json(1)), list(json(1))),
  },
  {
    of: 'net.cidr_contains',
    rego: 'net.cidr_contains(input.a, input.b)',
    operands: operands(
      among('10.0.0.0/8', '2001:db8::/32', '10.1.0.0/16', 'x'),
      among('10.1.2.3', '10.1.0.0/16', '11.0.0.1', '2001:db8::1', '2001:db8::/48', 'y'),
    ),
  },
  {
    of: 'glob.match',
    rego: 'glob.match(input.a, input.b, input.c)',
    operands: operands(
      among('*.example.com', '**.com', 'a?c', '{a,b}', '[a-c]x', '[!a]x', 'é*', ''),
      among([], ['.'], ['/'], null),
      among('www.example.com', 'a.b.com', 'abc', 'a', 'bx', 'éa', ''),
    ),
  },
  {
    of: 'regex.match',
    rego: 'regex.match(input.a, input.b)',
    operands: operands(among('^a', 'a+b', '[a-z]+$', '(?i)AB', '\\d+', '(', '\\pL'), word),
  },
  {
    of: 'regex.find_all_string_submatch_n',
    rego: 'regex.find_all_string_submatch_n(input.a, input.b, input.c)',
    operands: operands(among('a', '(a)(b)?', 'a*', '[^ ]+', '$'), word, among(-1, 0, 1, 2)),
  },
  {
    of: 'numbers.range',
    rego: 'numbers.range(input.a, input.b)',
    operands: operands(among(0, 1, 5, -3), among(0, 1, 5, -3, 10)),
  },
  { of: 'walk', rego: 'sort({[p, v] | walk(input.a, [p, v])})', operands: operands(json(2)) },
  {
    of: 'internal.template_string',
    rego: '$"{input.a}-{input.b}"',
    operands: operands(json(2), either(text, number, boolean)),
  },
  { of: 'type_name', rego: 'type_name(input.a)', operands: operands(json(2), json(2)) },
  { of: 'is_number', rego: 'is_number(input.a)', operands: operands(json(2), json(2)) },
  { of: 'is_string', rego: 'is_string(input.a)', operands: operands(json(2), json(2)) },
  { of: 'equal', rego: 'input.a == input.b', operands: operands(json(2), json(2)) },
  { of: 'lt', rego: 'input.a < input.b', operands: operands(json(2), json(2)) },
  {
    of: 'graph.reachable',
    rego: 'sort(graph.reachable(input.a, input.b))',
    operands: operands(object(list(among('a', 'b', 'c')), ['a', 'b', 'c']), list(among('a', 'b', 'd'))),
  },
];
