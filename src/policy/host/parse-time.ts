import { civil } from './civil.ts';
import { layoutParts, MONTHS, WEEKDAYS } from './layout.ts';
import { Moment } from './moment.ts';
import { zoneOf } from './zone.ts';

/** What was read so far; `undefined` where the layout does not ask for it. */
interface Fields {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  isPm: boolean | undefined;
  /** Seconds ahead of UTC. */
  offset: number;
}

/**
 * Reads a time as Go's `time.Parse` does on a machine whose clock shows UTC: a zone that is a name has the offset of UTC,
 * even `GMT+3`.
 * @throws SyntaxError, RangeError
 */
export function parseTime(layout: string, text: string): Moment {
  const reader = new Reader(text);
  const fields: Fields = {
    year: 0,
    month: undefined,
    day: undefined,
    yearDay: undefined,
    isPm: undefined,
    offset: 0,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
  };
  const parts = layoutParts(layout);
  for (const [at, part] of parts.entries()) {
    if (at % 2 === 0) reader.literal(part);
    else readElement(part, fields, reader, parts.slice(at + 1));
  }
  reader.end();
  return momentOf(fields);
}

function momentOf(fields: Fields): Moment {
  const { year, isPm, minute, second, nanosecond, offset } = fields;
  const { month, day } = dayOf(fields);
  let { hour } = fields;
  if (isPm === true && hour < 12) hour += 12;
  else if (isPm === false && hour === 12) hour = 0;
  inRange(day, 1, civil.length(year, month));
  const { ns } = Moment.at({ year, month, day, hour, minute, second: second - offset }, nanosecond, zoneOf('UTC'));
  return new Moment(ns);
}

function dayOf({ year, month, day, yearDay }: Fields): { readonly month: number; readonly day: number } {
  if (yearDay === undefined) return { month: month ?? 1, day: day ?? 1 };
  const first = civil.days({ year, month: 1, day: 1 });
  inRange(yearDay, 1, civil.days({ year: year + 1, month: 1, day: 1 }) - first);
  const found = civil.of(first + yearDay - 1);
  if ((month ?? found.month) !== found.month || (day ?? found.day) !== found.day) {
    throw new RangeError('the day of the year is another day');
  }
  return found;
}

function inRange(value: number, least: number, most: number): number {
  if (value < least || value > most) throw new RangeError('a field of the time is out of range');
  return value;
}

function readElement(name: string, fields: Fields, reader: Reader, rest: readonly string[]): void {
  if (/^[.,]/.test(name)) return readFraction(name, fields, reader);
  if (/^[-Z]/.test(name)) {
    fields.offset = reader.take('Z', name.startsWith('Z')) ? 0 : readOffset(name, reader);
    return;
  }
  const read = ELEMENTS[name];
  if (read === undefined) throw new SyntaxError('it is no element of a layout');
  read(fields, reader);
  // Go reads a fraction of a second also where the layout has none, if the next element is not it.
  const isSecond = name === '5' || name === '05';
  if (isSecond && !/^[.,]/.test(rest[1] ?? '')) {
    const digits = reader.match(/[.,](\d+)/y);
    if (digits !== undefined) fields.nanosecond = nanosecondsOf(digits);
  }
}

const ELEMENTS: Readonly<Record<string, (fields: Fields, reader: Reader) => void>> = {
  '2006': (fields, reader) => {
    fields.year = Number(reader.need(/(\d{4})/y));
  },
  '06': (fields, reader) => {
    const year = Number(reader.need(/(\d{2}|[+-]\d)/y));
    fields.year = year >= 69 ? year + 1900 : year + 2000;
  },
  January: (fields, reader) => {
    fields.month = reader.name(MONTHS) + 1;
  },
  Jan: (fields, reader) => {
    fields.month = reader.name(MONTHS.map((month) => month.slice(0, 3))) + 1;
  },
  '1': (fields, reader) => {
    fields.month = inRange(Number(reader.need(/(\d\d?)/y)), 1, 12);
  },
  '01': (fields, reader) => {
    fields.month = inRange(Number(reader.need(/(\d\d)/y)), 1, 12);
  },
  Monday: (_, reader) => void reader.name(WEEKDAYS),
  Mon: (_, reader) => void reader.name(WEEKDAYS.map((day) => day.slice(0, 3))),
  '2': (fields, reader) => {
    fields.day = Number(reader.need(/(\d\d?)/y));
  },
  _2: (fields, reader) => {
    fields.day = Number(reader.need(/ ?(\d\d?)/y));
  },
  '02': (fields, reader) => {
    fields.day = Number(reader.need(/(\d\d)/y));
  },
  __2: (fields, reader) => {
    fields.yearDay = Number(reader.need(/ {0,2}(\d{1,3})/y));
  },
  '002': (fields, reader) => {
    fields.yearDay = Number(reader.need(/(\d{3})/y));
  },
  '15': (fields, reader) => {
    fields.hour = inRange(Number(reader.need(/(\d\d?)/y)), 0, 23);
  },
  '3': (fields, reader) => {
    fields.hour = inRange(Number(reader.need(/(\d\d?)/y)), 0, 12);
  },
  '03': (fields, reader) => {
    fields.hour = inRange(Number(reader.need(/(\d\d)/y)), 0, 12);
  },
  '4': (fields, reader) => {
    fields.minute = inRange(Number(reader.need(/(\d\d?)/y)), 0, 59);
  },
  '04': (fields, reader) => {
    fields.minute = inRange(Number(reader.need(/(\d\d)/y)), 0, 59);
  },
  '5': (fields, reader) => {
    fields.second = inRange(Number(reader.need(/(\d\d?)/y)), 0, 59);
  },
  '05': (fields, reader) => {
    fields.second = inRange(Number(reader.need(/(\d\d)/y)), 0, 59);
  },
  PM: (fields, reader) => {
    fields.isPm = reader.need(/(AM|PM)/y) === 'PM';
  },
  pm: (fields, reader) => {
    fields.isPm = reader.need(/(am|pm)/y) === 'pm';
  },
  MST: (fields, reader) => {
    // The length and the letters tell a zone, and nothing of them is looked up.
    const zone = reader.need(
      /(UTC|ChST|MeST|GMT(?:[+-]\d+)?|[+-]\d+|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|WITA(?![A-Z])|[A-Z]{3}(?![A-Z]))/y,
    );
    inRange(Number(/\d+$/.exec(zone)?.[0] ?? 0), 0, 23);
    fields.offset = 0;
  },
};

/** Noughts ask for as many digits; nines take what there is. */
function readFraction(name: string, fields: Fields, reader: Reader): void {
  const count = name.length - 1;
  if (name[1] === '0') fields.nanosecond = nanosecondsOf(reader.need(new RegExp(`[.,](\\d{${count}})`, 'y')));
  else fields.nanosecond = nanosecondsOf(reader.match(/[.,](\d+)/y) ?? '0');
}

function nanosecondsOf(digits: string): number {
  return Number(digits.slice(0, 9).padEnd(9, '0'));
}

function readOffset(name: string, reader: Reader): number {
  const colon = name.includes(':') ? ':' : '';
  const pairs = name.replaceAll(/\D/g, '').length / 2;
  const text = reader.need(new RegExp(`([+-]\\d\\d${`${colon}\\d\\d`.repeat(pairs - 1)})`, 'y'));
  const [hour = 0, minute = 0, second = 0] = (text.match(/\d\d/g) ?? []).map(Number);
  // Up to the bound and with it, as Go has it: some write an offset of 24 hours.
  const seconds = (inRange(hour, 0, 24) * 60 + inRange(minute, 0, 60)) * 60 + inRange(second, 0, 60);
  return text.startsWith('-') ? -seconds : seconds;
}

class Reader {
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  /** What stands for itself. A run of spaces is as good as another, or as none at the end of the text. */
  literal(text: string): void {
    for (const piece of text.match(/ +|[^ ]+/g) ?? []) {
      const isSpace = piece.startsWith(' ');
      if (isSpace ? this.#rest !== '' && !this.#rest.startsWith(' ') : !this.#rest.startsWith(piece)) fail();
      this.#rest = isSpace ? this.#rest.replace(/^ +/, '') : this.#rest.slice(piece.length);
    }
  }

  take(text: string, isWanted: boolean): boolean {
    const isThere = isWanted && this.#rest.startsWith(text);
    if (isThere) this.#rest = this.#rest.slice(text.length);
    return isThere;
  }

  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = 0;
    const found = pattern.exec(this.#rest);
    if (found === null) return undefined;
    this.#rest = this.#rest.slice(found[0].length);
    return found[1];
  }

  need(pattern: RegExp): string {
    return this.match(pattern) ?? fail();
  }

  /** In any case of letters. */
  name(names: readonly string[]): number {
    const at = names.findIndex((name) => this.#rest.slice(0, name.length).toLowerCase() === name.toLowerCase());
    if (at === -1) fail();
    this.#rest = this.#rest.slice((names[at] as string).length);
    return at;
  }

  end(): void {
    if (this.#rest !== '') fail();
  }
}

function fail(): never {
  throw new SyntaxError('the time does not fit its layout');
}
