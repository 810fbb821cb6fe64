/**
 * Shows what an eye would not see: control characters, and those that turn the direction of text or have no width
 * (CVE-2021-42574). What is signed must be what is read. A line break is a space, as YAML folds text.
 */
export function visible(text: string): string {
  return text
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
      const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
      return `⟨U+${code}⟩`;
    });
}
