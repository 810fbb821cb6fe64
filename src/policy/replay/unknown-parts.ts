/** One question with a stand-in for each part that the record has not kept. */
export interface Question {
  readonly input: unknown;
  /** For each unknown part, its JSON pointer and the text that stands for it. */
  readonly unknown: readonly { readonly pointer: string; readonly standIn: string }[];
}

type Fields = Record<string, unknown>;

/** No two stand-ins of a process are equal: a memory still holds those of the question before. */
let made = 0;

/**
 * Puts a text that occurs nowhere else in the place of each part that is not known. It begins with NUL, so that it cannot
 * be mistaken for the input's own JSON, where that is written as an escape.
 * @param input what the record kept; it is not changed
 * @param pointers into the record, such as `/input/subject/claims`
 * @throws Error where a pointer cannot be followed
 */
export function unknownParts(input: unknown, pointers: readonly string[]): Question {
  const root = { input: structuredClone(input) };
  const places = [...new Set(pointers.map((pointer) => placeOf(root, pointer)))];
  // Where a whole part is unknown, so is all that is in it.
  const outer = places.filter((place) => !places.some((other) => place !== other && place.startsWith(`${other}/`)));
  const unknown = outer.map((pointer) => ({ pointer, standIn: `\0behalf unknown ${(made += 1)}\0` }));
  for (const { pointer, standIn } of unknown) put(root, partsOf(pointer), standIn);
  return { input: root.input, unknown };
}

/** An element that was taken out of a list leaves no gap, so that the whole list is unknown. */
function placeOf(root: Fields, pointer: string): string {
  const parts = partsOf(pointer);
  let node: unknown = root;
  for (const [index, part] of parts.entries()) {
    if (Array.isArray(node)) return `/${parts.slice(0, index).map(escape).join('/')}`;
    node = isFields(node) ? node[part] : undefined;
  }
  return pointer;
}

function put(root: Fields, parts: readonly string[], standIn: string): void {
  let node: Fields = root;
  for (const part of parts.slice(0, -1)) {
    const next = node[part];
    if (!isFields(next)) throw new Error('a pointer leads nowhere');
    node = next;
  }
  node[parts.at(-1) ?? ''] = standIn;
}

function partsOf(pointer: string): readonly string[] {
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function escape(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
