/** A key that contradicts another one. */
export interface Contradiction {
  readonly keys: readonly PropertyKey[];
  readonly message: string;
}
