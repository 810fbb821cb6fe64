export type ToolName = 'envoy' | 'opa' | 'ghz';

/**
 * The path of a tool; undefined where it is not on this machine (`npm run tools` fetches it).
 * @throws Error where the environment variable (`ENVOY_BIN`, `OPA_BIN`, `GHZ_BIN`) names no executable
 */
export function findTool(name: ToolName): string | undefined;
