/** The last day before `end`, as matrix.yaml writes it. */
export function dayText(end: number): string {
  return new Date(end - 1).toISOString().slice(0, 10);
}
