import { z } from 'zod';
import type { PolicyInput } from '../policy/input.ts';

const text = () => z.string();
const texts = () => z.array(z.string());
const textMap = () => z.record(z.string(), z.string());
const anyMap = () => z.record(z.string(), z.unknown());
const named = () => z.strictObject({ id: text(), issuer: text() });

const grant = z.strictObject({
  id: text(),
  task: text(),
  actions: texts(),
  target: text(),
  context: textMap(),
  expiresAt: z.number(),
  budget: z
    .strictObject({
      calls: z.int().exactOptional(),
      amount: z.strictObject({ limit: z.int(), currency: text(), field: text() }).exactOptional(),
    })
    .exactOptional(),
  approval: z.strictObject({ id: text(), approver: text(), at: z.number() }).exactOptional(),
  version: z.int().exactOptional(),
});

/**
 * What a Check would hand to policy, and nothing else: a test of an input that no Check can make proves nothing. The
 * compiler holds it to the type, which docs/policy-input.md is made from.
 */
export const inputSchema: z.ZodType<PolicyInput> = z.strictObject({
  version: z.literal(1),
  hop: z.strictObject({
    id: text(),
    protocol: text(),
    boundary: text(),
    action: text(),
    audience: text(),
    scopes: texts(),
  }),
  peer: z.strictObject({ id: text(), trustDomain: text() }),
  subject: z.strictObject({ id: text(), issuer: text(), claims: anyMap() }),
  actor: z.strictObject({ id: text(), agent: text(), issuer: text() }).nullable(),
  chain: z.array(named()),
  token: z.strictObject({
    issuer: text(),
    audience: texts(),
    scopes: texts(),
    expiresAt: z.number(),
    type: text(),
  }),
  grant: grant.nullable(),
  request: z.strictObject({
    protocol: text(),
    method: text(),
    host: text(),
    path: text(),
    segments: texts(),
    params: textMap(),
    query: z.record(z.string(), texts()),
    headers: textMap(),
    body: z.strictObject({ state: z.enum(['absent', 'truncated', 'invalid', 'ok']), json: z.unknown() }),
  }),
  mcp: z.strictObject({ method: text(), tool: text().nullable(), arguments: anyMap().nullable() }).nullable(),
  time: z.number(),
});
