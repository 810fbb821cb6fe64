import type { Random } from '../../fuzz/random.ts';
import type { Call } from './case.ts';
import { among, either, integer, type Make, number, operands, pieces } from './operands.ts';

const ZONES = [
  '',
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Europe/London',
];
const WRONG_ZONES = ['Nowhere/Nothing', '../etc', 'europe/berlin', '+01:00'];
const ELEMENTS = [
  '2006',
  '06',
  '01',
  '1',
  'Jan',
  'January',
  '02',
  '2',
  '_2',
  '002',
  '__2',
  '15',
  '3',
  '03',
  '4',
  '04',
  '5',
  '05',
  'PM',
  'pm',
  'Mon',
  'Monday',
  '.000',
  '.999',
  ',000000',
  '.999999999',
  'Z07:00',
  '-0700',
  '-07',
  'Z07',
  '-07:00:00',
  'Z0700',
  'Z070000',
];
const NAMED = [
  'ANSIC',
  'UnixDate',
  'RubyDate',
  'RFC822',
  'RFC822Z',
  'RFC850',
  'RFC1123',
  'RFC1123Z',
  'RFC3339',
  'RFC3339Nano',
];
const OFFSETS = ['Z', '+00:00', '+02:00', '-05:30', '+14:00', '-23:59', '+24:00', '+25:00', 'z', '', '+0200'];

/** Between 1970 and 2037, to the nanosecond: `number` past 2^53 are written as what a double holds. */
const nanoseconds: Make = (random) => {
  const seconds = random.chance(0.8)
    ? random.below(2_145_916_800)
    : random.pick([0, -1, 951_782_399, 1_709_164_800, 4_000_000_000]);
  return Number(
    BigInt(seconds) * 1_000_000_000n + BigInt(random.pick([0, 0, 1, 500_000_000, 999_999_999, 123_000_000])),
  );
};
const zone: Make = (random) => (random.chance(0.95) ? random.pick(ZONES) : random.pick(WRONG_ZONES));
const layout = either(
  pieces(
    ELEMENTS.flatMap((element) => [element, `${element} `, `${element}-`, `${element}T`]),
    5,
  ),
  among(...NAMED.filter((name) => !/^(?:UnixDate|RFC822|RFC850|RFC1123)$/.test(name))),
);
const utcLayout = either(layout, among(...NAMED, 'MST', '15:04 MST'));
const moment = either(
  nanoseconds,
  (random: Random) => [nanoseconds(random), zone(random)],
  among([], [1, 'UTC', 'x', 'y'], ['1'], 1.5, 1e18, 1e19, 'now'),
);

function two(width: number, most: number): (random: Random) => string {
  return (random) => String(random.chance(0.97) ? random.below(most + 1) : random.below(100)).padStart(width, '0');
}

const rfc3339: Make = (random) => {
  const date = `${random.pick(['2024', '1999', '2000', '1970', '2262', '0001', '1600'])}-${two(2, 12)(random)}-${two(2, 29)(random)}`;
  const time = `${two(random.chance(0.95) ? 2 : 1, 23)(random)}:${two(2, 59)(random)}:${two(2, 59)(random)}`;
  const fraction = random.pick(['', '', '.5', '.123456789', '.1234567891', ',25', '.']);
  return `${date}${random.pick(['T', 'T', 'T', ' ', 't'])}${time}${fraction}${random.pick(OFFSETS)}`;
};

const LAYOUTS: readonly (readonly [string, readonly string[]])[] = [
  ['2006-01-02', ['2024-02-29', '2023-02-29', '2024-1-2', '2024-12-31x', '24-01-01']],
  ['ANSIC', ['Mon Jan  2 15:04:05 2006', 'mon jan 2 15:04:05 2006', 'Tue Jan 32 15:04:05 2006']],
  [
    'RFC1123',
    [
      'Mon, 02 Jan 2006 15:04:05 MST',
      'Mon, 02 Jan 2006 15:04:05 UTC',
      'Mon, 02 Jan 2006 15:04:05 GMT+3',
      'Mon, 02 Jan 2006 15:04:05 CEST',
      'Mon, 02 Jan 2006 15:04:05 ABCDEF',
      'Mon, 02 Jan 2006 15:04:05 WITA',
      'Mon, 02 Jan 2006 15:04:05 GMT',
    ],
  ],
  ['RFC822Z', ['02 Jan 06 15:04 -0700', '02 Jan 69 15:04 +0000', '02 Jan 68 15:04 +0230', '02 Jan 68 15:04 0230']],
  ['3:04PM', ['3:04PM', '12:00AM', '12:30PM', '13:00PM', '3:4PM', '0:15AM']],
  ['2006-002', ['2024-366', '2023-366', '2024-060', '2024-61', '2024-000']],
  ['2006-01-02 002', ['2024-02-29 060', '2024-03-01 060', '2023-03-01 060']],
  ['_2 Jan 2006', [' 2 Jan 2006', '12 Jan 2006', '2 jan 2006']],
  ['15:04:05.000', ['01:02:03.123', '01:02:03.1234', '01:02:03', '01:02:03,123']],
  ['15:04:05', ['01:02:03.123', '1:02:03', '24:00:00', '01:60:00']],
  ['2006-01-02T15:04:05-07:00:00', ['2024-01-01T00:00:00+01:30:15', '2024-01-01T00:00:00+01:30']],
  ['Monday, January 2', ['Monday, January 2', 'sunday, MAY 31', 'Mond, January 2']],
  ['2006  01', ['2024 01', '2024   01', '202401']],
  ['', ['', ' ']],
  ['RFC3339', ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.5+02:00', '2024-02-30T12:00:00Z']],
];
const SAMPLES = LAYOUTS.flatMap(([name, samples]) => samples.map((sample) => [name, sample] as const));

const UNITS = ['h', 'm', 's', 'ms', 'us', 'µs', 'ns', 'd', 'w', 'y', 'x', ''];
const duration = pieces(
  ['1', '2', '10', '1.5', '.5', '0', '-', '+', '.', '100', '9999999'].flatMap((digits) =>
    UNITS.map((unit) => digits + unit),
  ),
  3,
);

/** When a zone had its mean local time, to the second: Amsterdam until 1937, Monrovia until 1972. */
const historical: Make = (random) =>
  random.pick([-1_500_000_000, -1_000_000_000, -2_840_140_800, -1, 0, 63_590_400]) * 1e9;
const historicalZone = among(
  'Europe/Amsterdam',
  'Africa/Monrovia',
  'Europe/Dublin',
  'America/New_York',
  'Asia/Kolkata',
);

export const TIME: readonly Call[] = [
  { of: 'time.parse_rfc3339_ns', rego: 'time.parse_rfc3339_ns(input.a)', operands: operands(rfc3339) },
  { of: 'time.parse_ns', rego: 'time.parse_ns(input.a[0], input.a[1])', operands: operands(among(...SAMPLES)) },
  {
    of: 'time.parse_ns',
    rego: 'time.parse_ns(input.b, time.format([input.a, "UTC", input.b]))',
    operands: operands(nanoseconds, utcLayout),
  },
  {
    of: 'time.parse_duration_ns',
    rego: 'time.parse_duration_ns(input.a)',
    operands: operands(
      either(
        duration,
        among('0', '', '1h30m', '-1.5h', '1d', '1w2d', '0.5y', '292y', '300y', '106751d', '9223372036s', '1h 30m'),
      ),
    ),
  },
  { of: 'time.format', rego: 'time.format(input.a)', operands: operands(moment) },
  {
    of: 'time.format',
    rego: 'time.format([input.a, input.b, input.c])',
    operands: operands(nanoseconds, zone, layout),
  },
  { of: 'time.format', rego: 'time.format([input.a, "UTC", input.b])', operands: operands(nanoseconds, utcLayout) },
  {
    of: 'time.date',
    rego: '[time.date(input.a), time.clock(input.a), time.weekday(input.a)]',
    operands: operands(moment),
  },
  {
    of: 'time.add_date',
    rego: 'time.add_date(input.a, input.b, input.c, input.d)',
    operands: operands(
      moment,
      among(0, 1, -1, 10, -300, 5000),
      among(0, 1, -1, 11, 25),
      either(among(0, 1, -1, 30, 366), number),
    ),
  },
  {
    of: 'time.clock',
    rego: '[time.date([input.a, input.b]), time.clock([input.a, input.b]), time.weekday([input.a, input.b])]',
    operands: operands(historical, historicalZone),
  },
  {
    of: 'time.format',
    rego: 'time.format([input.a, input.b, "2006-01-02T15:04:05Z07:00:00"])',
    operands: operands(historical, historicalZone),
  },
  { of: 'time.diff', rego: 'time.diff(input.a, input.b)', operands: operands(moment, moment) },
  {
    of: 'time.date',
    rego: '[time.date([input.a, input.b]), time.clock([input.a, input.b])]',
    operands: operands(integer, zone),
  },
];
