import type { HostBuiltins } from './builtin.ts';
import { NETWORKS } from './cidr.ts';
import { DIGESTS } from './digest.ts';
import { ENCODINGS } from './encoding.ts';
import { GRAPHS } from './graph.ts';
import { JSON_BUILTINS } from './json.ts';
import { NUMBERS } from './numbers.ts';
import { REGEXES } from './regex.ts';
import { SEMVER } from './semver.ts';
import { SPRINTF } from './sprintf.ts';
import { STRINGS } from './strings.ts';
import { SUBSET } from './subset.ts';
import { TIMES } from './time.ts';
import { TOKENS } from './token.ts';
import { UNITS } from './units.ts';
import { URL_QUERIES } from './urlquery.ts';
import { UUIDS } from './uuid.ts';

/**
 * Every builtin that is not compiled into a module and that we answer as OPA does, or fail where OPA fails. Each is a
 * function of its operands alone, and pays for its own work: it runs outside of what the module counts (threats P07).
 */
export const HOST_BUILTINS: HostBuiltins = {
  ...SPRINTF,
  ...STRINGS,
  ...REGEXES,
  ...TIMES,
  ...TOKENS,
  ...DIGESTS,
  ...ENCODINGS,
  ...URL_QUERIES,
  ...SUBSET,
  ...JSON_BUILTINS,
  ...GRAPHS,
  ...NUMBERS,
  ...NETWORKS,
  ...SEMVER,
  ...UNITS,
  ...UUIDS,
};
