/** What is said of a negation that holds because a builtin failed. */
import type { Location, Module } from './policy-lint-ast.ts';
import type { Fault } from './policy-lint-faults.ts';
import type { Finding } from './policy-lint-finding.ts';

/** Tells what fails, where it is called from, and what to write. */
export function negatedFault(
  { builtin, argument, takes, module: there, location: at }: Fault,
  { module, location }: { readonly module: Module; readonly location: Location | undefined },
): Omit<Finding, 'where'> {
  const called = there === module && at?.row === location?.row ? builtin : `${builtin} (${placeOf(there, at)})`;
  if (takes === undefined) {
    const failed =
      builtin === 'glob.match' ? `matches no line end in ${argument}` : `is undefined where it cannot read ${argument}`;
    const message = `${called} ${failed}, and then this negation is true. Say what must hold instead of what must not.`;
    return { severity: 'warning', rule: 'negated-failure', message };
  }
  // Only of what has a name can a type be proven.
  const name = argument.includes('(') ? 'value' : argument;
  const named = name === argument ? '' : `Name it, value := ${argument}. `;
  const proof = takes.map((type) => `is_${type}(${name})`).join(' or ');
  const message = `${called} needs ${takes.join(' or ')}, and ${argument} can be something else: then it is undefined, and this negation true. ${named}Add ${proof} to the body that calls it, or say what must hold instead of what must not.`;
  return { severity: 'error', rule: 'negated-builtin', message };
}

/** `file:line:col`. */
export function placeOf({ file }: Module, location: Location | undefined): string {
  return location === undefined ? file : `${file}:${location.row}:${location.col}`;
}
