import type { HostBuiltins, Spend } from './builtin.ts';
import { operand } from './operand.ts';
import { readJson } from './read-json.ts';
import { utf8Text } from './utf8-text.ts';
import { RegoObject, type RegoValue } from './value.ts';

/**
 * `io.jwt.decode`, which believes nothing of what it decodes. There is none that verifies: the token of a request is
 * verified before policy runs.
 */
export const TOKENS: HostBuiltins = { 'io.jwt.decode': ([token], spend) => decode(operand.text(token), spend) };

/** What is decoded is looked at several times. */
const CHARACTER_TICKS = 2;

function decode(token: string, spend: Spend): readonly RegoValue[] {
  spend(token.length * CHARACTER_TICKS);
  const [header = '', payload = '', signature, ...more] = token.split('.', 4);
  if (signature === undefined || more.length > 0) throw new SyntaxError('a token has three sections');
  const decodedHeader = objectOf(bytesOf(header), spend);
  if (decodedHeader.get('enc') !== undefined) throw new SyntaxError('an encrypted token is not decoded');
  const type = decodedHeader.get('cty');
  if (type !== undefined && operand.text(type) === 'JWT') {
    // A token in a token (RFC 7519 section 5.2), which may stand in quotes.
    return decode(utf8Text(bytesOf(payload)).replaceAll(/^["']+|(?<!["'])["']+$/g, ''), spend);
  }
  return [decodedHeader, objectOf(bytesOf(payload), spend), bytesOf(signature).toString('hex')];
}

function bytesOf(section: string): Buffer {
  const isPadded = section.endsWith('=');
  const isWellFormed = isPadded
    ? section.length % 4 === 0 && /^[\w-]+={1,2}$/.test(section)
    : section.length % 4 !== 1 && /^[\w-]*$/.test(section);
  if (!isWellFormed) throw new SyntaxError('a section of the token is not base64url');
  return Buffer.from(section, 'base64url');
}

function objectOf(json: Buffer, spend: Spend): RegoObject {
  const value = readJson(utf8Text(json), spend);
  return operand.object(value);
}
