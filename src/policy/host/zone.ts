import { civil } from './civil.ts';

/** The zone of a time: how many seconds it is ahead of UTC then. */
export type Zone = (seconds: number) => number;

const UTC: Zone = () => 0;

/** Each formatter is some tens of kilobytes. */
const MAX_ZONES = 64;
const zones = new Map<string, Zone>();
/** The names of the database, its older ones not among them. */
const NAMES = new Set(Intl.supportedValuesOf('timeZone').filter((name) => name.includes('/')));
/** How it spells a name with a region. `Intl` would take it in any case, as Go does not. */
const SPELLED =
  /^[A-Z][a-z]+(?:\/(?:[A-Z][a-z]+|UTC|GMT[+-]?\d*)(?:[_-](?:[A-Z][A-Za-z]+|of|au|es))*){1,2}$|^US\/[A-Z]/;

/**
 * A zone of the IANA database by its name. `Local` is none: it would be another one on each machine.
 * @throws RangeError
 */
export function zoneOf(name: string): Zone {
  if (name === '' || name === 'UTC') return UTC;
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!SPELLED.test(name) && !NAMES.has(name)) throw new RangeError('it is no time zone with a region');
  if (zones.size >= MAX_ZONES) zones.clear();
  const zone = zoneBy(name);
  zones.set(name, zone);
  return zone;
}

function zoneBy(timeZone: string): Zone {
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (seconds) => {
    const parts = format.formatToParts(seconds * 1000).map(({ type, value }) => [type, Number(value)] as const);
    const at = Object.fromEntries(parts) as Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', number>;
    return civil.days(at) * 86_400 + at.hour * 3600 + at.minute * 60 + at.second - seconds;
  };
}
