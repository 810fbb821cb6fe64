/** What one attempt gave for those that went together, or why one alone failed. */
export type Attempt<Item, Result> =
  | { readonly items: readonly Item[]; readonly result: Result }
  | { readonly items: readonly [Item]; readonly error: unknown };

/**
 * Attempts all at once; where that fails, each half by itself, down to the ones that fail alone. One bad item among a
 * hundred costs about fifteen attempts, and does not hide what the others do.
 */
export async function halve<Item, Result>(
  items: readonly Item[],
  attempt: (items: readonly Item[]) => Promise<Result>,
): Promise<readonly Attempt<Item, Result>[]> {
  const [first] = items;
  if (first === undefined) return [];
  try {
    return [{ items, result: await attempt(items) }];
  } catch (error) {
    if (items.length === 1) return [{ items: [first], error }];
    const middle = Math.ceil(items.length / 2);
    return [...(await halve(items.slice(0, middle), attempt)), ...(await halve(items.slice(middle), attempt))];
  }
}
