import type { Spend } from './builtin.ts';

/** More text than a builtin may be given, or give back. */
export const MAX_TEXT = 256 * 1024;
/** Ticks for one piece, and characters for one more. */
const PIECE_TICKS = 8;
const CHARACTERS_PER_TICK = 4;

/** Text that is made piece by piece: each is paid for, and fits, before it is there (threats P07). */
export class BoundedText {
  readonly #spend: Spend;
  readonly #most: number;
  #text = '';

  constructor(spend: Spend, most: number = MAX_TEXT) {
    this.#spend = spend;
    this.#most = most;
  }

  /** @throws RangeError */
  write(piece: string): void {
    this.#spend(PIECE_TICKS + piece.length / CHARACTERS_PER_TICK);
    if (this.#text.length + piece.length > this.#most) throw new RangeError('the result is too long');
    this.#text += piece;
  }

  get isEmpty(): boolean {
    return this.#text === '';
  }

  toString(): string {
    return this.#text;
  }
}
