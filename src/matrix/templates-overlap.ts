import type { PathTemplate } from './path-template.ts';

/** True where one path fits both templates. */
export function templatesOverlap({ parts: a }: PathTemplate, { parts: b }: PathTemplate): boolean {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined) return false;
    if (isEmpty(left) !== isEmpty(right)) return false;
    if (('tail' in left && left.tail) || ('tail' in right && right.tail)) return true;
    if ('literal' in left && 'literal' in right && left.literal !== right.literal) return false;
  }
  return true;
}

/** The segment behind a slash at the end: no name and no tail ever matches it (path-template.ts). */
function isEmpty(part: PathTemplate['parts'][number]): boolean {
  return 'literal' in part && part.literal === '';
}
