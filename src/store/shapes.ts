import { z } from 'zod';

/**
 * What may be kept: bounded, because it comes from people and other programs and is held in memory by every process.
 * Text that UTF-8 cannot hold is refused: two such texts would be stored as one (threats C13).
 */
const MAX_ID = 128;
const MAX_TEXT = 512;
const MAX_ACTIONS = 64;
const MAX_CONTEXT = 32;
/** Past this, dates lose their meaning (year 10,000). */
const MAX_TIME = 253_402_300_800_000;

const bounded = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => text.isWellFormed(), { error: 'is not well-formed Unicode' });
const id = bounded(MAX_ID);
const text = bounded(MAX_TEXT);
/** Milliseconds since the epoch. */
const time = z.number().int().min(0).max(MAX_TIME);
const count = z.int().min(0);
const subject = z.strictObject({ issuer: text, id: text });

const context = z
  // Asked of what came in: a record reader may pass over `__proto__`, and a grant without it would be a wider one.
  .custom<Record<string, string>>((value) => !Object.hasOwn(Object(value) as object, '__proto__'), {
    error: 'has a key that cannot be kept',
  })
  .pipe(z.record(text, text))
  .refine((record) => Object.keys(record).length <= MAX_CONTEXT, { error: `has over ${MAX_CONTEXT} keys` });

const amount = z.strictObject({
  limit: count,
  currency: z.string().regex(/^[A-Z]{3}$/),
  field: z
    .string()
    .max(MAX_TEXT)
    .regex(/^(?:\/[^/]*)+$/),
});

const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('token'), id: text }),
  z.strictObject({ kind: z.literal('grant'), id: text }),
  z.strictObject({ kind: z.literal('subject'), issuer: text, id: text }),
  z.strictObject({ kind: z.literal('agent'), name: id }),
  z.strictObject({ kind: z.literal('key'), issuer: text, kid: text }),
  z.strictObject({ kind: z.literal('issuer'), issuer: text }),
  z.strictObject({ kind: z.literal('before'), time, issuer: text.optional() }),
]);

/** One shape for what each write is asked. */
export const SHAPES = {
  createGrant: z.strictObject({
    id,
    subject,
    actor: id,
    task: text,
    actions: z.array(text).min(1).max(MAX_ACTIONS),
    target: text,
    context,
    budget: z.strictObject({ calls: count.optional(), amount: amount.optional() }).optional(),
    expiresAt: time,
    parent: id.optional(),
  }),
  renewGrant: z.strictObject({ id, expiresAt: time }),
  approve: z.strictObject({
    id,
    grant: text,
    hop: id,
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    approver: text,
    expiresAt: time,
  }),
  revoke: z.strictObject({ target, by: text, reason: text }),
  spend: z.strictObject({
    once: z.array(z.strictObject({ key: z.string().min(1), until: time })).max(16),
    grant: z.strictObject({ id: text, calls: count, amount: count }).optional(),
    approval: id.optional(),
  }),
} as const;
