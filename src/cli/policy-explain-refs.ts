import type { Term } from './policy-explain-trace.ts';

/** Every reference in a part of OPA's syntax tree, such as `['data', 'behalf', 'authz']`, as far as it is constant. */
export function refsIn(node: unknown): readonly (readonly string[])[] {
  if (Array.isArray(node)) return node.flatMap(refsIn);
  if (typeof node !== 'object' || node === null) return [];
  const { type, value } = node as Partial<Term>;
  if (type !== 'ref' || !Array.isArray(value)) return Object.values(node).flatMap(refsIn);
  const [head, ...rest] = value as readonly Term[];
  const end = rest.findIndex((term) => term.type !== 'string');
  const path = [head, ...(end === -1 ? rest : rest.slice(0, end))].map((term) => String(term?.value));
  return [path, ...rest.flatMap((term) => (term.type === 'string' ? [] : refsIn(term)))];
}
