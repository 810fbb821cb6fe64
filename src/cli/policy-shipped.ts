import { fileURLToPath } from 'node:url';

/** The builtins that a policy may use: OPA refuses the others with file and line. */
export const CAPABILITIES = shipped('policies/capabilities.json');
/** What `input` holds: OPA refuses what is misspelt. */
export const INPUT_SCHEMA = shipped('schema/policy-input.schema.json');
/** What a suite for `policy test` may hold. */
export const SUITE_SCHEMA = shipped('schema/policy-suite.schema.json');
/** `data.behalf.lib`. */
export const LIBRARY = shipped('policies/lib');

/** src/cli/ and dist/cli/ are equally deep. */
function shipped(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
