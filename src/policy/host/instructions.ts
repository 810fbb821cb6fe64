/** One element of a pattern of RE2: a class, a group's beginning or end, a repetition, or a character. */
const ELEMENT =
  /\\Q(?:[^\\]|\\(?!E))*(?:\\E)?|\\[pPx]\{[^}]*\}|\\[pP]?[^]|\[\^?\]?(?:\\[^]|\[:[^\]]*:\]|[^\]\\])*\]|\(\?P?<[^>]*>|\(\?[a-zA-Z-]*[:)]|\(\??|\{\d+,?\d*\}|[^]/gu;
/** A class by name: a table of hundreds of ranges, which is read once, however often it is repeated. */
const TABLE = /\\[pP]/g;
const TABLE_SIZE = 40;
/** RE2's own limit: more is no pattern. */
const MAX_REPETITIONS = 1000;

/**
 * About how many instructions RE2 will make of a pattern, and not many fewer: what is repeated is there so many times
 * once it is compiled, so this is known before (threats P07).
 */
export function instructionsOf(pattern: string): number {
  /** Of each group that is open: its size, and that of its last element. */
  const groups: { size: number; last: number }[] = [{ size: 1, last: 0 }];
  for (const [element] of pattern.matchAll(ELEMENT)) {
    const group = groups.at(-1) as { size: number; last: number };
    const times = repetitionsOf(element);
    if (times !== undefined) {
      const grown = (group.last + 1) * times;
      group.size += grown - group.last;
      group.last = grown;
    } else if (element.startsWith('(') && !element.endsWith(')')) {
      groups.push({ size: 2, last: 0 });
    } else if (element === ')' && groups.length > 1) {
      close(groups);
    } else {
      group.last = element.startsWith('\\Q') ? element.length : 1;
      group.size += group.last;
    }
  }
  while (groups.length > 1) close(groups);
  return (groups[0]?.size ?? 0) + (pattern.match(TABLE) ?? []).length * TABLE_SIZE;
}

function close(groups: { size: number; last: number }[]): void {
  const { size } = groups.pop() as { size: number };
  const outer = groups.at(-1) as { size: number; last: number };
  outer.size += size;
  outer.last = size;
}

function repetitionsOf(element: string): number | undefined {
  const [, least, most] = /^\{(\d+),?(\d*)\}$/.exec(element) ?? [];
  if (least === undefined) return undefined;
  return Math.min(Math.max(Number(least), Number(most), 1), MAX_REPETITIONS);
}
