import { fold } from '../fold.ts';
import { Refusal } from '../refusals.ts';
import type { CheckInput } from '../request/check-input.ts';

/**
 * Reads the value that a JSON pointer (RFC 6901) names in the request's body.
 * @returns undefined where there is none
 * @throws Refusal `body_truncated`, `body_unparseable`, `body_ambiguous` where the body is not whole and unambiguous
 */
export function bodyValue(pointer: string, input: CheckInput): unknown {
  const body = input.body();
  if (body.state === 'truncated') throw new Refusal('body_truncated', 'the row reads the body');
  if (body.isAmbiguous === true) throw new Refusal('body_ambiguous', 'the body names a member twice');
  if (body.state !== 'ok') throw new Refusal('body_unparseable', `the row reads the body: ${body.state}`);
  let value: unknown = body.json;
  for (const token of pointer.split('/').slice(1)) {
    value = member(value, token.replaceAll('~1', '/').replaceAll('~0', '~'));
  }
  return value;
}

/** Some parsers match names without case and keep the last (threats E18): two spellings are two readings. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const spellings = Object.keys(value).filter((key) => fold(key) === fold(name));
  if (spellings.length > 1) throw new Refusal('body_ambiguous', 'the body names one member in two spellings');
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
