import { createHash } from 'node:crypto';
import type { RoutedHop } from '../matrix/hop.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { bodyValue } from './body-value.ts';

/**
 * Names what a person approves: this method and URL of this row, this tool where it is MCP, with these values in the named
 * body fields. Another recipient, amount or payment is another digest, so that what was approved cannot be changed
 * afterwards.
 * @returns 64 hex digits
 * @throws Refusal `body_*` where a field cannot be read in one way
 */
export function approvalDigest({ hop, mcp = [] }: RoutedHop, fields: readonly string[], input: CheckInput): string {
  const values = fields.map((field) => [field, scalar(bodyValue(field, input))]);
  const { method, host, path, rawQuery } = input;
  // One endpoint serves all tools: yes to a refund is not yes to a payment.
  const calls = mcp.map((call) => [call.method, call.tool ?? null]);
  return createHash('sha256')
    .update(JSON.stringify([hop.id, method, host, path, rawQuery, calls, values]))
    .digest('hex');
}

/** A text, and nothing that prints alike: `"7"` is not `7`, and a number is the one that a double holds: past 2^53 it would be several. */
function scalar(value: unknown): readonly [type: string, text: string] {
  if (value === undefined) return ['absent', ''];
  if (typeof value === 'string') return ['string', value];
  if (typeof value === 'boolean') return ['boolean', String(value)];
  if (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return ['number', String(value)];
  throw new Refusal('body_unparseable', 'a field that an approval binds is no plain value');
}
