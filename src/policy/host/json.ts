import type { HostBuiltins } from './builtin.ts';
import { type Indent, jsonText } from './json-text.ts';
import { operand } from './operand.ts';
import { patch } from './patch.ts';
import { keyOf, type RegoValue } from './value.ts';

/** `json.patch` and `json.marshal_with_options`. */
export const JSON_BUILTINS: HostBuiltins = {
  'json.patch': Object.assign(
    (document: unknown, operations: unknown) => patch(document as RegoValue, operand.array(operations)),
    // Each operation copies what it goes through.
    {
      work: (document: unknown, operations: unknown) =>
        (keyOf(document as RegoValue).length * operand.array(operations).length) / 4,
    },
  ),

  'json.marshal_with_options': (value, options) => {
    const indent = indentOf(options);
    return (indent?.prefix ?? '') + jsonText(value as RegoValue, indent);
  },
};

function indentOf(options: unknown): Indent | undefined {
  let [pretty, prefix, step]: [boolean | undefined, string | undefined, string | undefined] = [
    undefined,
    undefined,
    undefined,
  ];
  for (const [key, value] of operand.object(options).entries) {
    if (key === 'prefix') prefix = operand.text(value);
    else if (key === 'indent') step = operand.text(value);
    else if (key === 'pretty' && typeof value === 'boolean') pretty = value;
    else throw new TypeError('it is no option, or not of its type');
  }
  const isPretty = pretty ?? (prefix !== undefined || step !== undefined);
  return isPretty ? { prefix: prefix ?? '', step: step ?? '\t' } : undefined;
}
