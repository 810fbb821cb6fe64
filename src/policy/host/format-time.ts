import { layoutParts, MONTHS, WEEKDAYS } from './layout.ts';
import type { Moment } from './moment.ts';
import { zoneOf } from './zone.ts';

/**
 * Formats as Go's `Time.Format` does.
 * @throws TypeError where it needs the short name of a zone, which nothing here knows
 */
export function formatTime(moment: Moment, layout: string): string {
  return layoutParts(layout)
    .map((part, at) => (at % 2 === 0 ? part : element(part, moment)))
    .join('');
}

function element(name: string, moment: Moment): string {
  if (/^[.,]/.test(name)) return fraction(name, moment.nanosecond);
  if (/^[-Z]/.test(name)) return offset(name, moment.offset);
  const write = ELEMENTS[name];
  if (write !== undefined) return write(moment);
  if (moment.zone !== zoneOf('UTC')) throw new TypeError('the short name of a zone is not known here');
  return 'UTC';
}

const ELEMENTS: Readonly<Record<string, (moment: Moment) => string>> = {
  '2006': ({ clock }) => padded(clock.year, 4),
  '06': ({ clock }) => padded(clock.year % 100, 2),
  January: ({ clock }) => monthOf(clock.month),
  Jan: ({ clock }) => monthOf(clock.month).slice(0, 3),
  '1': ({ clock }) => String(clock.month),
  '01': ({ clock }) => padded(clock.month, 2),
  Monday: ({ weekday }) => WEEKDAYS[weekday] as string,
  Mon: ({ weekday }) => (WEEKDAYS[weekday] as string).slice(0, 3),
  '2': ({ clock }) => String(clock.day),
  _2: ({ clock }) => String(clock.day).padStart(2),
  '02': ({ clock }) => padded(clock.day, 2),
  __2: ({ yearDay }) => String(yearDay).padStart(3),
  '002': ({ yearDay }) => padded(yearDay, 3),
  '15': ({ clock }) => padded(clock.hour, 2),
  '3': ({ clock }) => String(clock.hour % 12 || 12),
  '03': ({ clock }) => padded(clock.hour % 12 || 12, 2),
  '4': ({ clock }) => String(clock.minute),
  '04': ({ clock }) => padded(clock.minute, 2),
  '5': ({ clock }) => String(clock.second),
  '05': ({ clock }) => padded(clock.second, 2),
  PM: ({ clock }) => (clock.hour >= 12 ? 'PM' : 'AM'),
  pm: ({ clock }) => (clock.hour >= 12 ? 'pm' : 'am'),
};

function monthOf(month: number): string {
  return MONTHS[month - 1] as string;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** Noughts are written in full; of nines, no zeros at the end, and nothing for none. */
function fraction(name: string, nanosecond: number): string {
  const digits = padded(nanosecond, 9)
    .slice(0, name.length - 1)
    .padEnd(Math.min(name.length - 1, 9), '0');
  if (name[1] === '0') return name.slice(0, 1) + digits;
  const significant = digits.replace(/0+$/, '');
  return significant === '' ? '' : name.slice(0, 1) + significant;
}

function offset(name: string, seconds: number): string {
  if (name.startsWith('Z') && seconds === 0) return 'Z';
  const minutes = Math.trunc(seconds / 60);
  const [hour, minute, rest] = [Math.abs(minutes) / 60, Math.abs(minutes) % 60, Math.abs(seconds) % 60].map((each) =>
    padded(Math.floor(each), 2),
  );
  const parts = /^.(?:07|0700|07:00|070000|07:00:00)$/.test(name) ? name.replaceAll(/\D/g, '').length / 2 : 1;
  const shown = [hour, minute, rest].slice(0, parts);
  return (minutes < 0 ? '-' : '+') + shown.join(name.includes(':') ? ':' : '');
}
