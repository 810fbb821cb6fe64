import type { Match } from '../matrix/hop.ts';
import { oneOf } from './one-of.ts';

/**
 * What the headers of an MCP client say of the messages that a row permits, one set of conditions for each kind: the name
 * of a tool comes with `tools/call` alone.
 */
export function mcpHeaders({ mcp }: Match): readonly (readonly object[])[] {
  const { methods = [], tools = [] } = mcp ?? {};
  const withoutTool = tools.length > 0 ? methods.filter((method) => method !== 'tools/call') : methods;
  const hasTools = withoutTool.length < methods.length;
  return [
    ...(withoutTool.length > 0 ? [[oneOf('mcp-method', withoutTool)]] : []),
    ...(hasTools ? [[oneOf('mcp-method', ['tools/call']), oneOf('mcp-name', tools)]] : []),
  ];
}
