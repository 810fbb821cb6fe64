/** A glob over the names of tests, and the same as a regular expression for OPA. */
export interface TestFilter {
  readonly matches: (id: string) => boolean;
  /** Over `data.PACKAGE.RULE`, in RE2's syntax. */
  readonly forOpa: string;
}

/**
 * Reads `--filter`: `*` is any text, `?` any one character, and the rest is itself. A rule is also matched by its name
 * without the package.
 */
export function testFilter(glob: string): TestFilter {
  const pattern = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const matcher = new RegExp(`^(?:${pattern})$`, 's');
  return { matches: (id) => matcher.test(id), forOpa: `^data\\.(?:.*\\.)?(?:${pattern})$` };
}
