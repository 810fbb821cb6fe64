import type { Random } from '../../fuzz/random.ts';
import type { Call } from './case.ts';
import { among, boolean, either, json, list, type Make, number, object, operands, pieces, text } from './operands.ts';

const small: Make = (random) =>
  random.pick<Make>([among('a', 'b', 1, 2, true, null), list(among('a', 1), 2), object(among(1, 'a'), ['a', 'b'])])(
    random,
  );
const tree = object(either(small, object(small, ['a', 'b']), list(small, 3)), ['a', 'b', 'c']);

/** A value and a part of it, or nearly. */
function part(random: Random): readonly unknown[] {
  const whole = random.pick<Make>([tree, list(small, 5), object(small, ['a', 'b'])])(random);
  const copied = structuredClone(whole) as Record<string, unknown>;
  for (const key of Object.keys(copied)) if (!Array.isArray(copied) && random.chance(0.4)) delete copied[key];
  const cut = Array.isArray(copied) ? copied.slice(random.below(3), 2 + random.below(4)) : copied;
  return [whole, random.chance(0.7) ? cut : tree(random)];
}

const pointer = pieces(['/a', '/b', '/0', '/1', '/-', '/c', '/~0', '/~1', '/x', '/', 'a', '/01', '/2'], 3);
const path = either(pointer, pointer, list(among('a', 'b', 0, 1, '0'), 3));
const operation: Make = (random) => {
  const op = random.pick(['add', 'add', 'remove', 'replace', 'move', 'copy', 'test', 'nothing', 1]);
  const whole: Record<string, unknown> = { op, path: path(random), from: path(random), value: small(random) };
  if (random.chance(0.05)) delete whole[random.pick(['op', 'path', 'from', 'value'])];
  return whole;
};
const document = either(tree, tree, list(small, 3));

const NODES = ['a', 'b', 'c', 'd', 1];
const graph = object(list(among(...NODES), 3), ['a', 'b', 'c']);

const SEGMENTS = [
  '{"alg":"ES256"}',
  '{"alg":"none","typ":"JWT"}',
  '{"sub":"a","n":12345678901234567890,"f":1.50}',
  '{}',
  '[]',
  'x',
  '{"enc":"A"}',
  '{"é":"😀","<":1}',
  '',
  '{"a":1,"a":2}',
];
const token: Make = (random) => {
  const parts = Array.from({ length: random.chance(0.95) ? 3 : random.below(5) }, () => {
    const encoded = Buffer.from(random.pick(SEGMENTS)).toString('base64url');
    return random.chance(0.06)
      ? random.pick([
          `${encoded}=`,
          `${encoded}!`,
          encoded.slice(1),
          Buffer.from(random.pick(SEGMENTS)).toString('base64'),
        ])
      : encoded;
  });
  return parts.join('.');
};
const nested: Make = (random) => {
  const header = Buffer.from('{"cty":"JWT"}').toString('base64url');
  const inner = token(random) as string;
  return `${header}.${Buffer.from(random.chance(0.5) ? inner : `"${inner}"`).toString('base64url')}.AA`;
};

export const VALUES: readonly Call[] = [
  { of: 'object.subset', rego: 'object.subset(input.a, input.b)', operands: part },
  {
    of: 'object.subset',
    rego: 'object.subset(input.a, {x | some x in input.b})',
    operands: operands(list(small, 4), list(small, 3)),
  },
  {
    of: 'object.subset',
    rego: 'object.subset({x | some x in input.a}, {x | some x in input.b})',
    operands: operands(list(small, 4), list(small, 3)),
  },
  {
    of: 'object.subset',
    rego: 'object.subset({"k": {x | some x in input.a}, 1: input.a}, {"k": {x | some x in input.b}})',
    operands: operands(list(small, 4), list(small, 3)),
  },
  { of: 'object.subset', rego: 'object.subset(input.a, input.b)', operands: operands(json(2), json(2)) },
  { of: 'json.patch', rego: 'json.patch(input.a, input.b)', operands: operands(document, list(operation, 3)) },
  {
    of: 'json.patch',
    rego: 'sort(json.patch({"s": {x | some x in input.a}}, [{"op": "add", "path": ["s", input.b], "value": input.b}, {"op": "test", "path": ["s", input.b], "value": input.b}]).s)',
    operands: operands(list(small, 2), small),
  },
  {
    of: 'json.marshal_with_options',
    rego: 'json.marshal_with_options(input.a, input.b)',
    operands: operands(
      json(3),
      object(either(text, boolean, among('  ', '\t', '> ')), ['prefix', 'indent', 'pretty', 'pretty', 'indent']),
    ),
  },
  {
    of: 'json.marshal_with_options',
    rego: 'json.marshal_with_options([{x | some x in input.a}, {1: input.a, true: 1, null: 2}], {"indent": " "})',
    operands: operands(list(json(1))),
  },
  {
    of: 'graph.reachable_paths',
    rego: 'sort(graph.reachable_paths(input.a, input.b))',
    operands: operands(graph, list(among(...NODES), 3)),
  },
  {
    of: 'graph.reachable_paths',
    rego: 'sort(graph.reachable_paths(input.a, {x | some x in input.b}))',
    operands: operands(graph, list(among(...NODES), 3)),
  },
  { of: 'io.jwt.decode', rego: 'io.jwt.decode(input.a)', operands: operands(either(token, token, nested)) },
  { of: 'io.jwt.decode', rego: 'sort({$"{x}" | some x in io.jwt.decode(input.a)[1]})', operands: operands(token) },
  {
    of: 'numbers.range_step',
    rego: 'numbers.range_step(input.a, input.b, input.c)',
    operands: operands(
      // A range past 10,000 numbers is refused here, and takes OPA as long as it takes.
      among(0, 1, 5, -3, 1000, 9000, 2.5),
      among(0, 5, -7, 100, 1.5),
      among(1, 2, 7, 1000000, 0, -1, 2 ** 50),
    ),
  },
  { of: 'semver.compare', rego: 'semver.compare(input.a, input.b)', operands: operands(version(), version()) },
  {
    of: 'semver.is_valid',
    rego: 'semver.is_valid(input.a)',
    operands: operands(either(version(), pieces(['1', '.', '0', '-', '+', 'a', '01', 'v', ' '], 8))),
  },
  { of: 'uuid.parse', rego: 'uuid.parse(input.a)', operands: operands(uuid()) },
  { of: 'units.parse', rego: 'units.parse(input.a)', operands: operands(amount()) },
  { of: 'units.parse', rego: '$"{units.parse(input.a)}"', operands: operands(amount()) },
  { of: 'units.parse_bytes', rego: 'units.parse_bytes(input.a)', operands: operands(amount()) },
];

function version(): Make {
  const numbers = ['0', '1', '2', '10', '01', '9223372036854775807', ''];
  const ends = [
    '',
    '',
    '-alpha',
    '-alpha.1',
    '-alpha.beta',
    '-1',
    '-01',
    '-0a',
    '+build',
    '-rc.1+build.5',
    '-',
    '+',
    '-a..b',
    '-2.10',
    '-2.9',
    '-A-b',
  ];
  return (random) =>
    `${random.pick(['', '', 'v', 'V'])}${Array.from({ length: random.chance(0.95) ? 3 : 2 }, () => random.pick(numbers.slice(0, random.chance(0.9) ? 4 : 7))).join('.')}${random.pick(ends)}`;
}

function uuid(): Make {
  return (random) => {
    const bytes = random.bytes(16).toString('hex').split('');
    bytes[12] = random.pick(['1', '2', '2', '4', '6', '7', '0']);
    if (random.chance(0.5)) bytes.splice(16, 4, '8', '0', '0', random.pick(['0', '1', '2']));
    const digits = bytes.join('');
    const plain = [
      digits.slice(0, 8),
      digits.slice(8, 12),
      digits.slice(12, 16),
      digits.slice(16, 20),
      digits.slice(20),
    ].join('-');
    return random.pick([
      plain,
      plain,
      plain,
      plain.toUpperCase(),
      digits,
      `{${plain}}`,
      `urn:uuid:${plain}`,
      `URN:UUID:${plain}`,
      `xx${plain}`,
      plain.slice(1),
      plain.replace('-', '0'),
      `${plain}g`,
    ]);
  };
}

function amount(): Make {
  const numbers = [
    '1',
    '10',
    '0.5',
    '1.25',
    '.5',
    '5.',
    '.',
    '',
    '1e3',
    '1E2',
    '1e-3',
    '-2',
    '+7',
    '1e',
    '9007199254740993',
    '123456789012345678901',
    '0.1',
    '3.3',
    '1e30',
    '1e1234567',
    '1.2.3',
    '00012',
    '1-2',
  ];
  const units = [
    '',
    '',
    'm',
    'k',
    'K',
    'Ki',
    'ki',
    'KI',
    'M',
    'Mi',
    'mi',
    'g',
    'G',
    'Gi',
    'T',
    'ti',
    'P',
    'Pi',
    'e',
    'E',
    'Ei',
    'kb',
    'KB',
    'KiB',
    'mb',
    'gib',
    'b',
    'x',
    ' k',
    '"k"',
    'é',
    'bb',
  ];
  return (random) => `${random.pick(numbers)}${random.pick(units)}`;
}
void number;
