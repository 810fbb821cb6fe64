import { type Bundle, BundleError } from './bundle.ts';
import { BUILTINS } from './host/table.ts';

/**
 * Refuses a bundle whose WASM would call back for builtins that the host does not have (threats P04). The SDK would find
 * out in the middle of a decision.
 * @param needed every builtin that the module imports
 * @param provided those that the host has
 * @throws BundleError `bundle_builtin_missing`, naming each builtin, the files that use it and what to write instead
 */
export function requireBuiltins(
  needed: readonly string[],
  provided: readonly string[],
  sources: Bundle['sources'],
): void {
  const missing = needed.filter((name) => !provided.includes(name));
  if (missing.length === 0) return;
  const lines = missing.map(
    (name) => `the builtin ${name}${whereUsed(name, sources)} does not exist here: ${instead(name)}.`,
  );
  throw new BundleError(
    'bundle_builtin_missing',
    `${lines.join(' ')} To find them all, run \`opa check --strict --capabilities policies/capabilities.json\`.`,
  );
}

function instead(name: string): string {
  const answer = Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined;
  if (answer?.is === 'refused' || answer?.is === 'erased') return answer.instead;
  // Of a later OPA, or of none; or one that the host was made without.
  return 'work it out when the bundle is built, and have the result in data';
}

/** Best effort: `opa build` leaves entrypoint rules out of the sources that it packs. */
function whereUsed(name: string, sources: Bundle['sources']): string {
  const call = `${name}(`;
  const paths = sources
    .filter(({ text }) => text.split('\n').some((line) => !line.trimStart().startsWith('#') && line.includes(call)))
    .map(({ path }) => path);
  return paths.length === 0 ? '' : ` (${paths.join(', ')})`;
}
