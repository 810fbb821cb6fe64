import type { MatrixFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';
import { unknown } from './unknown.ts';

/** Each exception is of a row that is there, once per rule; and a row that binds nothing has one. */
export function* checkExceptions({ exceptions, hops }: MatrixFile): Generator<Contradiction> {
  const seen = new Set<string>();
  for (const [index, { hop, rule }] of exceptions.entries()) {
    if (!Object.hasOwn(hops, hop)) yield { keys: ['exceptions', index, 'hop'], message: unknown('row', hop, hops) };
    if (seen.has(`${rule} ${hop}`))
      yield { keys: ['exceptions', index], message: `row "${hop}" has an exception from ${rule} already; keep one` };
    seen.add(`${rule} ${hop}`);
  }
  for (const [id, { sender }] of Object.entries(hops)) {
    if (sender !== 'none' || seen.has(`unbound-sender ${id}`)) continue;
    const message = 'none needs an entry in exceptions with rule: unbound-sender, an owner and a last day';
    yield { keys: ['hops', id, 'sender'], message };
  }
}
