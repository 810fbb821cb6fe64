/** A builtin that Rego calls and JavaScript answers. It is synchronous and bounded, and throws where OPA would fail. */
export interface HostBuiltin {
  (...args: readonly unknown[]): unknown;
  /**
   * What the work takes beyond reading its operands and writing its result, in ticks of the policy's budget: the module
   * counts its own steps only (threats P07).
   */
  readonly work?: (...args: readonly unknown[]) => number;
}

/** The builtins of a host, by their names in Rego. */
export type HostBuiltins = Readonly<Record<string, HostBuiltin>>;

/** A result whose cost was only known once it was there. */
export class Costly {
  readonly result: unknown;
  readonly ticks: number;

  constructor(result: unknown, ticks: number) {
    this.result = result;
    this.ticks = ticks;
  }
}
