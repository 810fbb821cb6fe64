/** Calls of builtins that make and take text apart, `sprintf` above all. */
import type { Call } from './case.ts';
import { among, boolean, either, integer, json, list, number, object, operands, pieces, text } from './operands.ts';

const FLAGS = ['', '', '', '-', '+', '#', '0', ' ', '+0', '-#'];
const WIDTHS = ['', '', '', '5', '10', '5.2', '.3', '.0', '12.4', '*', '.*', '[1]', '[2]', '[3]', '.', '[0]', '[x]'];
const VERBS = 'vdsqxXtTeEfFgGcboOUp%wz!é'.split('');
const DIRECTIVES = FLAGS.flatMap((flag) => WIDTHS.flatMap((width) => VERBS.map((verb) => `%${flag}${width}${verb}`)));
const format = pieces([...DIRECTIVES, ...DIRECTIVES, 'x', ' of ', '%', 'é'], 4);
const simple = pieces(['%v', '%d', '%s', '%q', '%x', '%.2f', '%5d', '%-5s|', '%05d', '%e', '%g', '%t', 'x', ', '], 4);

const affixes = list(either(text, among('a', 'ab', 'foo', 'é')), 3);
const oneOrMore = either(text, affixes);

export const TEXT: readonly Call[] = [
  {
    of: 'sprintf',
    rego: 'sprintf(input.a, input.b)',
    operands: operands(format, list(either(number, text, json(1)), 4)),
  },
  {
    of: 'sprintf',
    rego: 'sprintf(input.a, input.b)',
    operands: operands(simple, list(either(number, number, text, boolean), 4)),
  },
  {
    of: 'sprintf',
    rego: 'sprintf("%v %s", [{x | some x in input.a}, {{"k": input.b}}])',
    operands: operands(list(json(1)), json(2)),
  },
  {
    of: 'sprintf',
    rego: 'sprintf(input.a, [input.b * 9007199254740993, input.b * 1.5, 1.25, 1e3, 18446744073709551617])',
    operands: operands(format, integer),
  },
  {
    of: 'strings.any_prefix_match',
    rego: 'strings.any_prefix_match(input.a, input.b)',
    operands: operands(oneOrMore, oneOrMore),
  },
  {
    of: 'strings.any_prefix_match',
    rego: 'strings.any_prefix_match({x | some x in input.a}, {x | some x in input.b})',
    operands: operands(affixes, affixes),
  },
  {
    of: 'strings.any_suffix_match',
    rego: 'strings.any_suffix_match(input.a, input.b)',
    operands: operands(oneOrMore, oneOrMore),
  },
  {
    of: 'strings.any_suffix_match',
    rego: 'strings.any_suffix_match({x | some x in input.a}, input.b)',
    operands: operands(affixes, oneOrMore),
  },
  {
    of: 'strings.count',
    rego: 'strings.count(input.a, input.b)',
    operands: operands(pieces(['a', 'b', 'ab', 'é', '😀'], 8), either(text, among('a', 'ab', 'aa', ''))),
  },
  {
    of: 'strings.split_n',
    rego: 'strings.split_n(input.a, input.b, input.c)',
    operands: operands(
      pieces(['a', ',', 'é', '😀', ',,'], 8),
      among(',', '', ',,', 'a', 'é'),
      among(0, 1, 2, 3, -1, -2, -9, 100),
    ),
  },
  {
    of: 'indexof_n',
    rego: 'indexof_n(input.a, input.b)',
    operands: operands(pieces(['a', 'b', 'é', '😀', 'aa'], 10), among('a', 'aa', 'é', '😀', 'ab', '')),
  },
  {
    of: 'glob.quote_meta',
    rego: 'glob.quote_meta(input.a)',
    operands: operands(pieces(['*', '?', '[', ']', '{', '}', '\\', 'a', ',', '!', '-', 'é'], 8)),
  },
  { of: 'hex.encode', rego: 'hex.encode(input.a)', operands: operands(text) },
  {
    of: 'hex.decode',
    rego: 'hex.decode(input.a)',
    operands: operands(pieces(['61', '62', 'C3', 'a9', '7f', '0', 'zz', '00'], 5)),
  },
  { of: 'base64url.encode_no_pad', rego: 'base64url.encode_no_pad(input.a)', operands: operands(text) },
  {
    of: 'urlquery.encode',
    rego: 'urlquery.encode(input.a)',
    operands: operands(
      pieces(
        ['a', ' ', '+', '&', '=', '/', '?', '%', '!', "'", '(', ')', '*', '~', '-', '_', '.', 'é', '😀', ':', '@'],
        8,
      ),
    ),
  },
  {
    of: 'urlquery.decode',
    rego: 'urlquery.decode(input.a)',
    operands: operands(pieces(['a', '+', '%20', '%2B', '%', '%zz', '%C3%A9', '%c3', 'é', '%00'], 6)),
  },
  {
    of: 'urlquery.encode_object',
    rego: 'urlquery.encode_object(input.a)',
    operands: operands(object(either(text, list(text), list(either(text, number))), ['a', 'b c', 'é', '&', ''])),
  },
  {
    of: 'urlquery.encode_object',
    rego: 'urlquery.encode_object({"k": {x | some x in input.a}, "é": input.b})',
    operands: operands(list(text), text),
  },
  {
    of: 'urlquery.decode_object',
    rego: 'urlquery.decode_object(input.a)',
    operands: operands(pieces(['a=1', '&', 'b', '=', 'a=2', ';', '%20', '+', '%zz', 'é', '&&', 'c=%C3%A9', 'x=='], 8)),
  },
  {
    of: 'crypto.md5',
    rego: '[crypto.md5(input.a), crypto.sha1(input.a), crypto.sha256(input.a)]',
    operands: operands(text),
  },
  {
    of: 'crypto.hmac.sha256',
    rego: '[crypto.hmac.md5(input.a, input.b), crypto.hmac.sha1(input.a, input.b), crypto.hmac.sha256(input.a, input.b), crypto.hmac.sha512(input.a, input.b)]',
    operands: operands(text, text),
  },
  {
    of: 'crypto.hmac.equal',
    rego: 'crypto.hmac.equal(input.a, input.b)',
    operands: operands(among('a', 'b', 'é', ''), among('a', 'b', 'é', '')),
  },
];
