import type { McpCall } from '../request/check-input.ts';
import type { PolicyInput } from './input.ts';

/**
 * Every question that one request asks of policy: one, or, of an MCP batch, one for each element. They differ in `mcp`
 * alone.
 * @param first the question about the first element
 */
export function questionsOf(first: PolicyInput, calls: readonly McpCall[] | undefined): readonly PolicyInput[] {
  const rest = calls?.slice(1) ?? [];
  return [
    first,
    ...rest.map(({ method, tool, arguments: given }) => ({
      ...first,
      mcp: { method, tool: tool ?? null, arguments: given ?? null },
    })),
  ];
}
