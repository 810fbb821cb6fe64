import type { HostBuiltins } from './builtin.ts';
import { type Indent, jsonText } from './json-text.ts';
import { operand } from './operand.ts';
import { patch } from './patch.ts';
import type { RegoValue } from './value.ts';

/** `json.patch` and `json.marshal_with_options`. */
export const JSON_BUILTINS: HostBuiltins = {
  'json.patch': ([document, operations], spend) => patch(document as RegoValue, operand.array(operations), spend),

  'json.marshal_with_options': ([value, options], spend) => {
    const indent = indentOf(options);
    return (indent?.prefix ?? '') + jsonText(value as RegoValue, spend, indent);
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
