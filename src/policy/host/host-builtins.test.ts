/** Answers that were taken from OPA 1.22.2; test/parity asks it itself, thousands of times. Threats P03, P07, P17. */
import { describe, expect, it } from 'vitest';
import { answer } from './answer.ts';
import type { HostBuiltin } from './builtin.ts';
import { HOST_BUILTINS } from './host-builtins.ts';

/** Calls a builtin with operands as the module writes them. */
function call(name: string, ...operands: readonly string[]): string {
  return answer(HOST_BUILTINS[name] as HostBuiltin, operands, () => {}) ?? 'undefined';
}

const ANSWERS: readonly (readonly [name: string, operands: readonly string[], answer: string])[] = [
  [
    'sprintf',
    ['"%v %d %s %q %5.2f|%-4d|%x"', '["a", 7, "b", "c\\n", 3.14159, 5, "hi"]'],
    '"a 7 b \\"c\\\\n\\"  3.14|5   |6869"',
  ],
  ['sprintf', ['"%d %t %s"', '["hi", true]'], '"%!d(string=hi) %!t(string=true) %!s(MISSING)"'],
  ['sprintf', ['"%v %v"', '[{"b": {1, "a"}}, 1, 2]'], '"{\\"b\\": {1, \\"a\\"}} 1%!(EXTRA int64=2)"'],
  ['sprintf', ['"%.0f %.1f %g %e %v"', '[2.5, 0.25, 1e21, 123456.789, 1e6]'], '"2 0.2 1e+21 1.234568e+05 1e+06"'],
  ['sprintf', ['"%[2]d %[1]d %*d %%"', '[1, 2, 4]'], '"2 1  4 %"'],
  ['sprintf', ['"%d %x"', '[18446744073709551617, 255]'], '"18446744073709551617 ff"'],
  ['strings.any_prefix_match', ['{"abc", "x"}', '["b", "ab"]'], 'true'],
  ['strings.any_suffix_match', ['"abc"', '{"b"}'], 'false'],
  ['strings.count', ['"aaaa"', '"aa"'], '2'],
  ['strings.split_n', ['"a,b,c"', '","', '-2'], '["b","c"]'],
  ['indexof_n', ['"😀a😀a"', '"a"'], '[1,3]'],
  ['regex.find_n', ['"a*"', '"baac"', '-1'], '["","aa",""]'],
  ['regex.split', ['"\\\\s+"', '"a b  c"'], '["a","b","c"]'],
  ['regex.replace', ['"Ann Bee"', '"(?P<f>\\\\w+) (\\\\w+)"', '"$2 ${f}$"'], '"Bee Ann$"'],
  ['regex.template_match', ['"urn:{[a-z]+}:x"', '"urn:abc:x"', '"{"', '"}"'], 'true'],
  ['time.parse_rfc3339_ns', ['"2024-02-29T12:00:00.5+02:00"'], '1709200800500000000'],
  ['time.parse_ns', ['"02 Jan 2006"', '"29 Feb 2024"'], '1709164800000000000'],
  ['time.parse_duration_ns', ['"1d2h0.5s"'], '93600500000000'],
  // Of the hours, the digits that Go writes: with all of them it is a nanosecond less.
  ['time.parse_duration_ns', ['"1.59999999y"'], '50457599684639996'],
  ['time.parse_duration_ns', ['"0.000000001d"'], '86400'],
  ['time.parse_duration_ns', ['"0.0000000000000000001h"'], '0'],
  // Of a fraction, the nineteenth digit counts, and what an int64 cannot hold does not.
  ['time.parse_duration_ns', ['"0.2325872278080555292h"'], '837314020109'],
  ['time.parse_duration_ns', ['"0.689661571263888841477h"'], '2482781656549'],
  [
    'time.format',
    ['[1709200800500000000, "Europe/Berlin", "Mon Jan _2 15:04:05.000 -0700 2006"]'],
    '"Thu Feb 29 11:00:00.500 +0100 2024"',
  ],
  ['time.date', ['[1709251199000000000, "Asia/Tokyo"]'], '[2024,3,1]'],
  ['time.clock', ['1709251199000000000'], '[23,59,59]'],
  ['time.weekday', ['1709251199000000000'], '"Thursday"'],
  ['time.add_date', ['1709164800000000000', '1', '0', '0'], '1740787200000000000'],
  ['time.diff', ['1709251199000000000', '1709164800000000000'], '[0,0,0,23,59,59]'],
  ['crypto.sha256', ['"a"'], '"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"'],
  ['crypto.hmac.md5', ['"a"', '"k"'], '"ddcf3d210049e7135f61affae73731cd"'],
  ['crypto.hmac.equal', ['"a"', '"b"'], 'false'],
  ['hex.decode', ['"c3a9"'], '"é"'],
  ['base64url.encode_no_pad', ['"~~"'], '"fn4"'],
  ['urlquery.encode', ['"a b&é*"'], '"a+b%26%C3%A9%2A"'],
  ['urlquery.encode_object', ['{"b": ["2", "1"], "a": {"y", "x"}}'], '"a=x&a=y&b=2&b=1"'],
  ['urlquery.decode_object', ['"a=1&b&a=%20"'], '{"a":["1"," "],"b":[""]}'],
  ['glob.quote_meta', ['"*.com"'], '"\\\\*.com"'],
  ['object.subset', ['{"a": {"b": [1, 2, 3]}}', '{"a": {"b": [2, 3]}}'], 'true'],
  ['object.subset', ['[1, 2]', '{3}'], 'false'],
  [
    'json.patch',
    ['{"a": [1]}', '[{"op": "add", "path": "/a/-", "value": 2}, {"op": "remove", "path": ["a", 0]}]'],
    '{"a":[2]}',
  ],
  [
    'json.marshal_with_options',
    ['{"b": {1}, "a": "<"}', '{"indent": " "}'],
    '"{\\n \\"a\\": \\"\\\\u003c\\",\\n \\"b\\": [\\n  1\\n ]\\n}"',
  ],
  ['graph.reachable_paths', ['{"a": ["b"], "b": ["a"]}', '["a"]'], '{["a","b"]}'],
  ['numbers.range_step', ['5', '0', '2'], '[5,3,1]'],
  ['net.cidr_merge', ['["10.0.0.0/25", "10.0.0.128/25"]'], '{"10.0.0.0/24"}'],
  ['net.cidr_expand', ['"10.0.0.0/31"'], '{"10.0.0.0","10.0.0.1"}'],
  ['net.cidr_contains_matches', ['["10.0.0.0/8"]', '{"k": "10.1.0.0/16"}'], '{[0,"k"]}'],
  ['net.cidr_is_valid', ['"2001:db8::/32"'], 'true'],
  ['semver.compare', ['"1.0.0-rc.2"', '"1.0.0-rc.10"'], '-1'],
  ['semver.is_valid', ['"1.0"'], 'false'],
  ['units.parse', ['"250m"'], '0.2500000000'],
  ['units.parse_bytes', ['"1.5KiB"'], '1536'],
  ['uuid.parse', ['"00000000-0000-4000-8000-000000000000"'], '{"version":4,"variant":"RFC4122"}'],
  ['uuid.parse', ['"none"'], 'undefined'],
];

const header = Buffer.from('{"alg":"none"}').toString('base64url');
const payload = Buffer.from('{"n":12345678901234567890,"sub":"a","sub":"b"}').toString('base64url');

describe('a builtin of the host', () => {
  it.each(ANSWERS)('%s answers as OPA does: %j', (name, operands, expected) => {
    expect(call(name, ...operands)).toBe(expected);
  });

  it('io.jwt.decode answers as OPA does, and believes nothing', () => {
    const decoded = '[{"alg":"none"},{"n":12345678901234567890,"sub":"b"},"00"]';
    expect(call('io.jwt.decode', JSON.stringify(`${header}.${payload}.AA`))).toBe(decoded);
    const broken = ['a.b', `${header}.${payload}`, `${header}.[].AA`, `${header}.W10.AA`, `${header}.${payload}.A`];
    for (const token of broken) expect(() => call('io.jwt.decode', JSON.stringify(token))).toThrow();
  });

  /** As in OPA, where these say no, or nothing, of what is of no right type. */
  const LENIENT = new Set(['semver.is_valid', 'net.cidr_is_valid', 'net.cidr_contains_matches']);
  const names = Object.keys(HOST_BUILTINS);

  it.each(names.filter((name) => !LENIENT.has(name)))(
    '%s fails for a wrong type, and is not undefined [P03]',
    (name) => {
      for (const operand of ['null', 'true', name === 'object.subset' ? '1' : '{1: true}']) {
        expect(() => call(name, operand, operand, operand, operand)).toThrow();
      }
    },
  );

  it.each(ANSWERS)('%s is a function of its operands alone: %j [P08]', (name, operands, expected) => {
    call(name, ...operands);
    expect(call(name, ...operands)).toBe(expected);
  });
});

describe('what would be another answer elsewhere', () => {
  it.each(['Antarctica/DumontDUrville', 'America/Port-au-Prince', 'Etc/GMT+12', 'US/Hawaii'])(
    'is none: the zone %s',
    (zone) => {
      expect(call('time.date', `[86400000000000, "${zone}"]`)).toMatch(/^\[1970,1,[12]\]$/);
    },
  );

  it.each(['antarctica/dumontdurville', 'Local', 'EST', 'europe/berlin', '+01:00', 'Nowhere/Nothing', '../etc'])(
    'is an error: the zone %s [P08]',
    (zone) => {
      expect(() => call('time.date', `[0, "${zone}"]`)).toThrow(RangeError);
    },
  );

  it('is an error: the short name of a zone [P17]', () => {
    expect(() => call('time.format', '[0, "Europe/Berlin", "RFC1123"]')).toThrow(TypeError);
    expect(call('time.format', '[0, "UTC", "RFC1123"]')).toBe('"Thu, 01 Jan 1970 00:00:00 UTC"');
  });

  it.each([
    ['hex.decode', '"ff"'],
    ['urlquery.decode', '"%ff"'],
    ['urlquery.decode_object', '"a=%ff"'],
    ['io.jwt.decode', '"/w.e30.AA"'],
  ])('is an error: bytes that are no text, of %s [P17]', (name, operand) => {
    expect(() => call(name, operand)).toThrow();
  });

  it('is an error: a fraction in base two, an address of IPv4 in IPv6, a semicolon in a query [P17]', () => {
    expect(() => call('sprintf', '"%x"', '[1.5]')).toThrow(TypeError);
    expect(() => call('sprintf', '"%p"', '[18446744073709551617]')).toThrow(TypeError);
    expect(() => call('net.cidr_expand', '"::ffff:10.0.0.0/127"')).toThrow(SyntaxError);
    expect(() => call('urlquery.decode_object', '"a=1;b=2"')).toThrow(SyntaxError);
  });
});

describe('a builtin of the host is bounded [P07]', () => {
  const long = (text: string, times: number): string => JSON.stringify(text.repeat(times));

  it.each([
    ['sprintf', 'a wide number', ['"%099999d"', '[1]']],
    ['sprintf', 'a precision, though nothing is so long', ['"%.99999s"', '["a"]']],
    ['sprintf', 'two wide texts', ['"%40000s%40000s"', '["a", "b"]']],
    ['numbers.range_step', '10001 numbers', ['0', '10000', '1']],
    ['numbers.range_step', 'all numbers', ['0', '9007199254740991', '1']],
    ['net.cidr_expand', '8192 addresses', ['"10.0.0.0/19"']],
    ['net.cidr_expand', 'all addresses', ['"::/0"']],
    ['units.parse', 'a million digits', ['"1e999999"']],
    ['units.parse_bytes', 'a million digits behind the point', ['"1e-999999"']],
    ['regex.find_n', 'a long pattern', [long('a', 1001), '"a"', '-1']],
    ['regex.replace', 'a million characters', [long('a', 1000), '"a"', long('b', 1000)]],
    ['time.add_date', 'many years', ['0', '9007199254740991', '0', '0']],
    ['urlquery.decode_object', '10001 parameters', [long('a&', 10_000)]],
  ])('%s refuses %s', (name, _, operands) => {
    expect(() => call(name, ...operands)).toThrow(/ too (?:long|large|many)\b|out of range/);
  });

  it('regex.split refuses a pattern that repeats what is repeated, and time.format a layout of a thousand characters', () => {
    expect(() => call('regex.split', '"(x{30}){40}"', '"x"')).toThrow();
    expect(() => call('time.format', `[0, "UTC", ${long('2006', 300)}]`)).toThrow();
  });

  it('an integer has 64 bits [P03]', () => {
    const [most, more] = ['9223372036854775807', '9223372036854775808'];
    expect(call('numbers.range_step', most, most, '1')).toBe(`[${most}]`);
    expect(() => call('numbers.range_step', more, more, '1')).toThrow(TypeError);
  });
});
