/** A text as a regular expression that matches it and nothing else. */
export function escapedRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
