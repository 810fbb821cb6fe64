import { text } from '../config/fields.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A name that the operator gives: of a row, an agent, an authority, a context key. */
export function name() {
  return text(NAME, 'a name is letters, digits, ".", "_" and "-", at most 128');
}
