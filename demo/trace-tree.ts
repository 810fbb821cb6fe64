import type { SpanLine } from './records.ts';

/** One trace as an indented tree: each span with its duration, and below it what it says. */
export function traceTree(spans: readonly SpanLine[]): string {
  const known = new Set(spans.map(({ span_id }) => span_id));
  const isRoot = ({ parent_span_id: parent }: SpanLine) => parent === undefined || !known.has(parent);
  return inOrder(spans.filter(isRoot))
    .flatMap((root) => [root.name + tookOf(root), ...below(root, spans, '')])
    .join('\n');
}

function below(span: SpanLine, spans: readonly SpanLine[], indent: string): string[] {
  const children = inOrder(spans.filter(({ parent_span_id }) => parent_span_id === span.span_id));
  const attributes = Object.entries(span.attributes).map(([name, value]) => {
    const rail = children.length > 0 ? '│ ' : '  ';
    return `${indent}${rail}  ${name} = ${Array.isArray(value) ? value.join(' ← ') || '(none)' : String(value)}`;
  });
  return attributes.concat(
    children.flatMap((child, index) => {
      const last = index === children.length - 1;
      const head = `${indent}${last ? '└─' : '├─'} ${child.name}${tookOf(child)}`;
      return [head, ...below(child, spans, `${indent}${last ? '   ' : '│  '}`)];
    }),
  );
}

function inOrder(spans: readonly SpanLine[]): SpanLine[] {
  return spans.toSorted((a, b) => Number(BigInt(a.start) - BigInt(b.start)));
}

function tookOf({ start, end }: SpanLine): string {
  return `  ${(Number(BigInt(end) - BigInt(start)) / 1e6).toFixed(2)} ms`;
}
