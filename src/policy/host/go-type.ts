/** An argument of sprintf as OPA hands it to Go: an integer, a double, or text. */
export type GoValue = bigint | number | string;

/** What Go calls the type. */
export function goType(value: GoValue): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'float64';
  return BigInt.asIntN(64, value) === value ? 'int64' : '*big.Int';
}
