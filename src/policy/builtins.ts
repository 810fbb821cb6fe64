import { type Bundle, BundleError } from './bundle.ts';

/**
 * What to write instead of a builtin that is not compiled into the WASM module. Names end in `*` where a family is
 * meant; the first that fits counts. policies/capabilities.json holds what remains, so that `opa check` says it first.
 */
const INSTEAD: readonly (readonly [name: string, advice: string])[] = [
  ['sprintf', 'write string interpolation: $"{x} of {y}"'],
  ['internal.print', 'build without --wasm-include-print'],
  ['time.*', 'compare with input.time, in seconds since the epoch, and have other times in data as numbers'],
  ['http.send', 'have what it fetches in data: a decision makes no calls'],
  ['net.lookup_ip_addr', 'have the addresses in data: a decision makes no calls'],
  ['net.cidr_*', 'use net.cidr_contains for one network at a time'],
  ['opa.runtime', 'have what it reads in data: policy sees no environment'],
  ['io.jwt.*', 'read input.token, input.subject and input.actor: the token is verified before policy runs'],
  ['crypto.x509.*', 'read input.peer: the certificate is verified before policy runs'],
  ['crypto.*', 'have the digest in data'],
  ['rand.*', 'decide on input alone: a decision must be repeatable'],
  ['uuid.*', 'decide on input alone: a decision must be repeatable'],
  ['urlquery.*', 'read input.request.query'],
  ['uri.*', 'read input.request.host, path, segments and query'],
  ['regex.*', 'use regex.match or regex.find_all_string_submatch_n'],
  ['strings.any_prefix_match', 'write `some prefix in prefixes; startswith(x, prefix)`'],
  ['strings.any_suffix_match', 'write `some suffix in suffixes; endswith(x, suffix)`'],
  ['strings.count', 'write `count(split(x, y)) - 1`'],
  ['strings.*', 'use split, replace, trim, substring or string interpolation'],
  ['indexof_n', 'use indexof or split'],
  ['object.subset', 'write `every key, value in part { whole[key] == value }`'],
  ['json.match_schema', 'check types with is_string, is_number …'],
  ['json.patch', 'use object.union, object.remove or json.remove'],
  ['numbers.range_step', 'use numbers.range with a condition'],
  ['base64url.encode_no_pad', 'write `trim_right(base64url.encode(x), "=")`'],
];

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
  const row = INSTEAD.find(([pattern]) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
  return row?.[1] ?? 'work it out when the bundle is built, and have the result in data';
}

/** Best effort: `opa build` leaves entrypoint rules out of the sources that it packs. */
function whereUsed(name: string, sources: Bundle['sources']): string {
  const call = `${name}(`;
  const paths = sources
    .filter(({ text }) => text.split('\n').some((line) => !line.trimStart().startsWith('#') && line.includes(call)))
    .map(({ path }) => path);
  return paths.length === 0 ? '' : ` (${paths.join(', ')})`;
}
