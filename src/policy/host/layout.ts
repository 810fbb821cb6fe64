/** The layouts that have a name in Go's package `time`, those that OPA knows. */
const NAMED: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
};

/** In the order in which Go looks for them at one place. */
const ELEMENT = new RegExp(
  [
    '(January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|0[1-6]|002|15|1|2006|2|_2(?!006)|__2|3|4|5|PM|pm',
    '-070000|-07:00:00|-0700|-07:00|-07|Z070000|Z07:00:00|Z0700|Z07:00|Z07|[.,](?:0+|9+)(?!\\d))',
  ].join('|'),
);

/** No layout that is of use has more. */
const MAX_LENGTH = 1000;

/**
 * Takes a layout of Go's apart.
 * @param layout an example of the reference time, or the name of one
 * @returns by turns what stands for itself, and an element
 */
export function layoutParts(layout: string): string[] {
  if (layout.length > MAX_LENGTH) throw new RangeError('the layout is too long');
  return (Object.hasOwn(NAMED, layout) ? (NAMED[layout] as string) : layout).split(ELEMENT);
}

export const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
