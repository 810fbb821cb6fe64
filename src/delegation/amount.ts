import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';
import { bodyValue } from './body-value.ts';
import { currencyDigits } from './currency-digits.ts';
import type { Budget } from './grant.ts';

const DECIMAL = /^(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,4}))?$/;

/**
 * Reads how much a request would spend: the number, or decimal text, that the budget's pointer names, whose neighbour
 * `currency` must be the budget's (ISO 4217). What cannot be read exactly is refused: a budget that guesses is none.
 * @returns the amount in the currency's minor unit
 * @throws Refusal `grant_scope`, `body_*`
 */
export function requestedAmount({ field, currency }: NonNullable<Budget['amount']>, input: CheckInput): number {
  const stated = bodyValue(`${field.slice(0, field.lastIndexOf('/'))}/currency`, input);
  if (stated !== currency) throw new Refusal('grant_scope', 'the request is not in the currency of the budget');
  const value = bodyValue(field, input);
  const [, whole, fraction = ''] = DECIMAL.exec(typeof value === 'number' ? String(value) : textOf(value)) ?? [];
  const digits = currencyDigits(currency);
  if (whole === undefined || fraction.length > digits) {
    throw new Refusal('grant_scope', 'the request states no amount that can be counted exactly');
  }
  const amount = Number(whole + fraction.padEnd(digits, '0'));
  if (!Number.isSafeInteger(amount)) throw new Refusal('grant_scope', 'the amount is too large to be counted exactly');
  return amount;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
