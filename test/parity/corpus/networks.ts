/** Calls of builtins about addresses and networks. */
import type { Random } from '../../fuzz/random.ts';
import type { Call } from './case.ts';
import { among, either, list, type Make, object, operands } from './operands.ts';

const WRONG = [
  '',
  'x',
  '10.0.0.0',
  '10.0.0/8',
  '10.0.0.0/33',
  '01.2.3.4/8',
  '10.0.0.0/08',
  '10.0.0.0/-1',
  '2001:db8::/129',
  'fe80::1%eth0/64',
  '1.2.3.4/',
  '/8',
  '::1',
  '256.0.0.1/8',
  '2001:db8:::/32',
  '1:2:3:4:5:6:7::8/64',
];

function v4(random: Random): string {
  return `10.${random.below(2)}.${random.pick([0, 0, 1, 128, 255])}.${random.pick([0, 1, 128, 254, 255])}`;
}

function v6(random: Random): string {
  return random.pick([
    '2001:db8::',
    '2001:db8::1',
    '2001:db8:0:1::',
    '2001:DB8:0:0:1:0:0:1',
    'fd00::1.2.3.4',
    '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    'fe80::',
  ]);
}

const cidr: Make = (random) => {
  if (random.chance(0.06)) return random.pick(WRONG);
  if (random.chance(0.7)) return `${v4(random)}/${random.pick([0, 7, 8, 15, 16, 22, 23, 24, 25, 30, 31, 32])}`;
  return `${v6(random)}/${random.pick([0, 32, 48, 63, 64, 65, 120, 127, 128])}`;
};
const small: Make = (random) =>
  random.chance(0.7) ? `${v4(random)}/${24 + random.below(9)}` : `${v6(random)}/${122 + random.below(7)}`;
const address: Make = (random) => (random.chance(0.7) ? v4(random) : v6(random));
const either4: Make = (random) =>
  random.pick([
    v4(random),
    `${v4(random)}/${22 + random.below(11)}`,
    random.pick(['192.168.1.1', '172.16.0.1', '9.9.9.9']),
  ]);
const either6: Make = (random) => `${v6(random)}/${60 + random.below(69)}`;
const inOrder = either(cidr, address);
const withMore: Make = (random) => [cidr(random), 'more'];

export const NETWORK: readonly Call[] = [
  {
    of: 'net.cidr_is_valid',
    rego: 'net.cidr_is_valid(input.a)',
    operands: operands(either(cidr, among(...WRONG, '::ffff:1.2.3.4/96', '::ffff:1.2.3.4/129'))),
  },
  {
    of: 'net.cidr_expand',
    rego: 'sort(net.cidr_expand(input.a))',
    operands: operands(either(small, small, among(...WRONG.filter((text) => text !== '10.0.0.0/08')))),
  },
  { of: 'net.cidr_merge', rego: 'sort(net.cidr_merge(input.a))', operands: operands(list(either4, 6)) },
  {
    of: 'net.cidr_merge',
    rego: 'sort(net.cidr_merge({x | some x in input.a}))',
    operands: operands(list(either(either4, either6), 5)),
  },
  { of: 'net.cidr_merge', rego: 'sort(net.cidr_merge(input.a))', operands: operands(list(either6, 5)) },
  {
    of: 'net.cidr_contains_matches',
    rego: 'sort(net.cidr_contains_matches(input.a, input.b))',
    operands: operands(either(cidr, list(either(cidr, withMore))), either(inOrder, list(inOrder), object(inOrder))),
  },
  {
    of: 'net.cidr_contains_matches',
    rego: 'sort(net.cidr_contains_matches({x | some x in input.a}, input.b))',
    operands: operands(list(cidr), list(inOrder)),
  },
];
