/**
 * Takes ticks from the policy's budget, and throws where none are left. A builtin pays BEFORE each step that grows
 * something, so what it was given cannot make it do more than is paid for (threats P07).
 */
export type Spend = (ticks: number) => void;

/**
 * A builtin that Rego calls and JavaScript answers. It is synchronous, pays for its own work, and throws where OPA would
 * fail. Reading the operands and writing the result is paid for by who calls it.
 */
export type HostBuiltin = (operands: readonly unknown[], spend: Spend) => unknown;

/** The builtins of a host, by their names in Rego. */
export type HostBuiltins = Readonly<Record<string, HostBuiltin>>;
