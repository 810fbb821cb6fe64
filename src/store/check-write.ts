import type { ZodError } from 'zod';
import { SHAPES } from './shapes.ts';
import { StoreError } from './store.ts';
import type { Operation, Write, Writes } from './write.ts';

/**
 * Makes a write of what is asked for, where that can be kept. It is a copy: nobody can change it afterwards.
 * @throws StoreError `refused`, which names the member and never its value
 */
export function checkWrite<Op extends Operation>(op: Op, asked: Writes[Op]['asked'], now: number): Write {
  const parsed = SHAPES[op].safeParse(asked);
  if (!parsed.success) throw new StoreError('refused', sentence(parsed.error));
  if (!Number.isSafeInteger(now)) throw new StoreError('refused', 'the clock of this process is broken');
  return { op, asked: parsed.data, now } as Write;
}

function sentence({ issues }: ZodError): string {
  const said = issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  return `it cannot be kept: ${said.join('; ')}`;
}
