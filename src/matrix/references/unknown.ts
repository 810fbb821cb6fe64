import { hint } from './hint.ts';

/** `there is no agent "byer"; did you mean "buyer"?` */
export function unknown(what: string, name: string, known: Readonly<Record<string, unknown>>): string {
  return `there is no ${what} "${name}"${hint(name, Object.keys(known))}`;
}
