import { type PathTemplate, parsePathTemplate } from './path-template.ts';
import type { HopFile } from './schema.ts';

/** True where every request that fits `inner` fits `outer` too. */
export function canMatchAll(outer: HopFile, inner: HopFile): boolean {
  const [a, b] = [outer.match, inner.match];
  if ((outer.protocol === 'grpc') !== (inner.protocol === 'grpc') || a.path === undefined || b.path === undefined)
    return false;
  return (
    // What a message may ask for is judged by the row that reads it: a fallback for MCP would have to permit the same.
    outer.protocol !== 'mcp' &&
    inner.protocol !== 'mcp' &&
    (b.hosts ?? []).every((host) => a.hosts?.includes(host)) &&
    (b.methods ?? []).every((method) => a.methods?.includes(method)) &&
    (a.topic === undefined || a.topic === b.topic) &&
    covers(parsePathTemplate(a.path), parsePathTemplate(b.path))
  );
}

function covers({ parts: outer }: PathTemplate, { parts: inner }: PathTemplate): boolean {
  for (const [index, part] of outer.entries()) {
    const other = inner[index];
    if (other === undefined) return false;
    // No name and no tail fits the empty segment behind a slash at the end.
    const isEmpty = 'literal' in other && other.literal === '';
    if ('literal' in part) {
      if (!('literal' in other) || other.literal !== part.literal) return false;
    } else if (isEmpty || (!part.tail && 'tail' in other && other.tail)) return false;
    else if (part.tail) return true;
  }
  return outer.length === inner.length;
}
