import type { HostBuiltin, HostBuiltins } from './builtin.ts';
import { civil } from './civil.ts';
import { parseDuration } from './duration.ts';
import { formatTime } from './format-time.ts';
import { isArray } from './is-array.ts';
import { WEEKDAYS } from './layout.ts';
import { Moment } from './moment.ts';
import { operand } from './operand.ts';
import { parseTime } from './parse-time.ts';
import { zoneOf } from './zone.ts';

/** What 64 bits of nanoseconds hold: the years 1677 to 2262. */
const LIMIT = 2n ** 63n;

/** `time.*` without the clock: a decision must come out the same when it is replayed, and `input.time` is its time. */
export const TIMES: HostBuiltins = {
  'time.parse_rfc3339_ns': ([text]) => nanoseconds(parseTime('RFC3339', operand.text(text))),
  'time.parse_ns': ([layout, text], spend) => {
    spend(operand.text(layout).length * LAYOUT_TICKS);
    return nanoseconds(parseTime(operand.text(layout), operand.text(text)));
  },
  'time.parse_duration_ns': ([text]) => parseDuration(operand.text(text)),

  'time.format': zoned(([time]) => {
    const { moment, layout } = read(time);
    return formatTime(moment, layout === '' ? 'RFC3339Nano' : layout);
  }),
  'time.date': zoned(([time]) => {
    const { year, month, day } = read(time).moment.clock;
    return [year, month, day];
  }),
  'time.clock': zoned(([time]) => {
    const { hour, minute, second } = read(time).moment.clock;
    return [hour, minute, second];
  }),
  'time.weekday': zoned(([time]) => WEEKDAYS[read(time).moment.weekday]),

  'time.add_date': zoned(([time, years, months, days]) => {
    const { moment } = read(time);
    const { clock, nanosecond, zone } = moment;
    const year = clock.year + small(years);
    const at = { ...clock, year, month: clock.month + small(months), day: clock.day + small(days) };
    return nanoseconds(Moment.at(at, nanosecond, zone));
  }),

  'time.diff': zoned(([one, other]) => {
    const [a, b] = [read(one).moment, read(other).moment];
    // By the clock of the first one's zone.
    const c = new Moment(b.ns, a.zone);
    return a.ns > b.ns ? difference(c, a) : difference(a, c);
  }),
};

/** Ticks for the clock of a zone, and for each character of a layout. */
const ZONE_TICKS = 2000;
const LAYOUT_TICKS = 80;

function zoned(answer: (operands: readonly unknown[]) => unknown): HostBuiltin {
  return (operands, spend) => {
    for (const each of operands) spend(clockTicks(each));
    return answer(operands);
  };
}

function clockTicks(time: unknown): number {
  const [, zone = '', layout = ''] = isArray(time) ? time : [];
  return (zone === '' ? 0 : ZONE_TICKS) + (typeof layout === 'string' ? layout.length * LAYOUT_TICKS : 0);
}

/** Nanoseconds, or an array of them, a zone and a layout. */
function read(value: unknown): { readonly moment: Moment; readonly layout: string } {
  const [ns, zone = '', layout = ''] = isArray(value) ? operand.array(value) : [value];
  return { moment: new Moment(operand.integer(ns), zoneOf(operand.text(zone))), layout: operand.text(layout) };
}

function nanoseconds({ ns }: Moment): bigint {
  if (ns >= LIMIT || ns < -LIMIT) throw new RangeError('the time is out of range');
  return ns;
}

/** Years, months or days: past this, the time is out of range anyhow. */
function small(value: unknown): number {
  const number = operand.integer(value);
  if (number > 1_000_000n || number < -1_000_000n) throw new RangeError('the time is out of range');
  return Number(number);
}

/** Years, months, days, hours, minutes and seconds, each as far as the clock gets, and the rest carried over. */
function difference(from: Moment, to: Moment): number[] {
  const [a, b] = [from.clock, to.clock];
  let [year, month, day] = [b.year - a.year, b.month - a.month, b.day - a.day];
  let [hour, minute, second] = [b.hour - a.hour, b.minute - a.minute, b.second - a.second];
  if (second < 0) [second, minute] = [second + 60, minute - 1];
  if (minute < 0) [minute, hour] = [minute + 60, hour - 1];
  if (hour < 0) [hour, day] = [hour + 24, day - 1];
  if (day < 0) [day, month] = [day + civil.length(a.year, a.month), month - 1];
  if (month < 0) [month, year] = [month + 12, year - 1];
  return [year, month, day, hour, minute, second];
}
