/** Calls of builtins with regular expressions: patterns of both dialects, put together from pieces. */
import type { Call } from './case.ts';
import { among, either, operands, pieces, text } from './operands.ts';

const ATOMS = [
  'a',
  'b',
  '.',
  '\\d',
  '\\w',
  '\\s',
  '\\b',
  '\\B',
  '^',
  '$',
  '[a-c]',
  '[^a]',
  '(a|b)',
  '(?:ab)',
  '(?P<n>a)',
  '(?<m>b)',
  '\\pL',
  '\\p{Greek}',
  '(?i)A',
  '\\.',
  'é',
  '[[:alpha:]]',
  '\\x61',
  '\\Qa.b\\E',
  '😀',
  '\\A',
  '\\z',
];
const SUFFIXES = ['', '', '', '*', '+', '?', '*?', '+?', '{2}', '{1,3}', '{0}', '|'];
const BROKEN = ['(', ')', '[', '\\', '*', '(?=a)', '\\1', '(?P<n', 'a**', '\\C', '(?<=a)b', 'x{1001}'];
const pattern = either(
  pieces(
    ATOMS.flatMap((atom) => SUFFIXES.map((suffix) => atom + suffix)),
    4,
  ),
  pieces(
    ATOMS.flatMap((atom) => SUFFIXES.map((suffix) => atom + suffix)),
    2,
  ),
  among('', ',', '\\s+', '[a-z]+', '\\d{1,3}', 'a|ab', 'a*', 'x*', '^a', '(a)(b)?', '(?:)', '\\b', ...BROKEN),
);
const subject = either(pieces(['a', 'b', 'ab', 'c', 'A', '1', ' ', ',', '.', 'é', '😀', '\n', 'α'], 12), text);
const replacement = pieces(
  ['x', '$1', '${1}', '$n', '${n}', '${m}y', '$$', '$', '${', '$1x', '$0', '$9', '${zz}', '\\1', 'é'],
  3,
);
const template = pieces(['urn:', '{', '}', '[a-z]+', '.*', 'a', '/', '.', '{.*}', '<', '>', '(', 'é'], 6);

export const REGEX: readonly Call[] = [
  {
    of: 'regex.find_n',
    rego: 'regex.find_n(input.a, input.b, input.c)',
    operands: operands(pattern, subject, among(-1, 0, 1, 2, 5)),
  },
  { of: 'regex.split', rego: 'regex.split(input.a, input.b)', operands: operands(pattern, subject) },
  {
    of: 'regex.replace',
    rego: 'regex.replace(input.a, input.b, input.c)',
    operands: operands(subject, pattern, replacement),
  },
  {
    of: 'regex.template_match',
    rego: 'regex.template_match(input.a, input.b, input.c, input.d)',
    operands: operands(
      template,
      pieces(['urn:', 'a', 'foo', '/', '.', 'é', '{', '}'], 5),
      among('{', '{', '{', '<', '', 'é', '{{'),
      among('}', '}', '}', '>', '{'),
    ),
  },
];
