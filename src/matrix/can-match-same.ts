import { parsePathTemplate } from './path-template.ts';
import type { HopFile } from './schema.ts';
import { templateShape } from './template-shape.ts';
import { templatesOverlap } from './templates-overlap.ts';

type Match = HopFile['match'];

/**
 * True where one request fits both rows. Only `grpc` and `tcp` look different on the wire; a queue, an SDK and MCP speak
 * HTTP, and are told apart by what they ask for alone.
 * @param paths whether templates must be of the `same` shape to count, or may `overlap` in any path
 */
export function canMatchSame(a: HopFile, b: HopFile, paths: 'same' | 'overlap'): boolean {
  if (wire(a) !== wire(b)) return false;
  if (a.protocol === 'tcp')
    return sameOrOpen(a.match.destination, b.match.destination) && sameOrOpen(a.match.sni, b.match.sni);
  const methods = shared(a.match.methods, b.match.methods);
  if (shared(a.match.hosts, b.match.hosts).length === 0 || methods.length === 0) return false;
  if (!sameOrOpen(a.match.topic, b.match.topic)) return false;
  if (a.protocol === 'mcp' && b.protocol === 'mcp' && !canCallSame(a.match, b.match, methods)) return false;
  if (a.match.path === undefined || b.match.path === undefined) return false;
  const [left, right] = [parsePathTemplate(a.match.path), parsePathTemplate(b.match.path)];
  return paths === 'overlap' ? templatesOverlap(left, right) : templateShape(left) === templateShape(right);
}

function wire({ protocol }: HopFile): 'grpc' | 'tcp' | 'http' {
  return protocol === 'grpc' || protocol === 'tcp' ? protocol : 'http';
}

/** Rows of one MCP endpoint are told apart by their messages, and GET and DELETE carry none. */
function canCallSame({ mcp: a }: Match, { mcp: b }: Match, methods: readonly string[]): boolean {
  if (methods.some((method) => method !== 'POST')) return true;
  return shared(a?.methods, b?.methods).some(
    (method) => method !== 'tools/call' || shared(a?.tools, b?.tools).length > 0,
  );
}

function sameOrOpen(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

function shared(a: readonly string[] = [], b: readonly string[] = []): readonly string[] {
  return a.filter((item) => b.includes(item));
}
