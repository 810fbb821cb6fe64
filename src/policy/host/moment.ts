import { type Civil, civil } from './civil.ts';
import { type Zone, zoneOf } from './zone.ts';

const SECOND = 1_000_000_000n;
const DAY = 86_400;

/** A time by the clock of a zone. */
export interface Clock extends Civil {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** A point in time, and the zone whose clock says it. */
export class Moment {
  /** Since the epoch. */
  readonly ns: bigint;
  readonly zone: Zone;
  #offset: number | undefined;

  constructor(ns: bigint, zone: Zone = zoneOf('UTC')) {
    this.ns = ns;
    this.zone = zone;
  }

  /** By the clock of a zone: as in Go, where the clock is set back it is one of the two, and where forward, one nearby. */
  static at(clock: Clock, nanosecond: number, zone: Zone): Moment {
    const asUtc = civil.days(clock) * DAY + clock.hour * 3600 + clock.minute * 60 + clock.second;
    if (!Number.isSafeInteger(asUtc)) throw new RangeError('the time is out of range');
    const ahead = zone(asUtc);
    const seconds = ahead === 0 ? asUtc : asUtc - zone(asUtc - ahead);
    return new Moment(BigInt(seconds) * SECOND + BigInt(nanosecond), zone);
  }

  get seconds(): number {
    return Number(this.ns / SECOND - (this.ns % SECOND < 0n ? 1n : 0n));
  }

  get nanosecond(): number {
    return Number(this.ns - BigInt(this.seconds) * SECOND);
  }

  /** Seconds ahead of UTC. */
  get offset(): number {
    // Asked once: it takes some microseconds.
    this.#offset ??= this.zone(this.seconds);
    return this.#offset;
  }

  get clock(): Clock {
    const local = this.seconds + this.offset;
    const days = Math.floor(local / DAY);
    const rest = local - days * DAY;
    const [hour, minute] = [Math.floor(rest / 3600), Math.floor((rest % 3600) / 60)];
    return { ...civil.of(days), hour, minute, second: rest % 60 };
  }

  /** From Sunday. */
  get weekday(): number {
    const days = Math.floor((this.seconds + this.offset) / DAY);
    return (((days + 4) % 7) + 7) % 7;
  }

  /** From 1. */
  get yearDay(): number {
    const { clock } = this;
    return civil.days(clock) - civil.days({ year: clock.year, month: 1, day: 1 }) + 1;
  }
}
