import type { HostBuiltins } from './builtin.ts';

/** What the host answers where a module calls back: nothing yet. Only what OPA compiles into the module can be used. */
export const HOST_BUILTINS: HostBuiltins = {};
