import type { HostBuiltins } from './builtin.ts';
import { operand } from './operand.ts';
import { utf8Text } from './utf8-text.ts';

/** Ticks for a character that may have to be escaped. */
const CHARACTER_TICKS = 4;

/** `hex.*`, and what is missing of `base64url.*` and `glob.*`. */
export const ENCODINGS: HostBuiltins = {
  'hex.encode': ([text]) => Buffer.from(operand.text(text)).toString('hex'),
  'hex.decode': ([text]) => {
    const digits = operand.text(text);
    if (!/^(?:[0-9a-fA-F]{2})*$/.test(digits)) throw new SyntaxError('it is not hexadecimal');
    return utf8Text(Buffer.from(digits, 'hex'));
  },
  'base64url.encode_no_pad': ([text]) => Buffer.from(operand.text(text)).toString('base64url'),
  'glob.quote_meta': ([text], spend) => {
    const plain = operand.text(text);
    spend(plain.length * CHARACTER_TICKS);
    return plain.replaceAll(/[*?\\[\]{}]/g, '\\$&');
  },
};
