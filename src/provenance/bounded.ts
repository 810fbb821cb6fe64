/** Cuts a text that a caller could make long, so that no record and no span grows with the attacker's patience. */
export function bounded(text: string, limit = 512): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).toWellFormed()}…`;
}
