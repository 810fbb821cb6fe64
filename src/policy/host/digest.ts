import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HostBuiltin, HostBuiltins } from './builtin.ts';
import { operand } from './operand.ts';

/** `crypto.*` without X.509: digests in lower-case hexadecimal, of the text in UTF-8. */
export const DIGESTS: HostBuiltins = {
  'crypto.md5': digest('md5'),
  'crypto.sha1': digest('sha1'),
  'crypto.sha256': digest('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.hmac.equal': ([one, other]) => {
    const [a, b] = [Buffer.from(operand.text(one)), Buffer.from(operand.text(other))];
    return a.length === b.length && timingSafeEqual(a, b);
  },
};

function digest(algorithm: string): HostBuiltin {
  return ([text]) => createHash(algorithm).update(operand.text(text)).digest('hex');
}

function hmac(algorithm: string): HostBuiltin {
  return ([text, key]) => createHmac(algorithm, operand.text(key)).update(operand.text(text)).digest('hex');
}
