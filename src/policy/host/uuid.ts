import type { HostBuiltins } from './builtin.ts';
import { operand } from './operand.ts';

/** `uuid.parse`; `uuid.rfc4122` makes one by chance, so there is none of it here. */
export const UUIDS: HostBuiltins = {
  // Says nothing of what is no UUID, as in OPA: it is undefined there, and no error.
  'uuid.parse': ([text]) => {
    const digits = digitsOf(operand.text(text));
    return digits === undefined ? undefined : describe(Buffer.from(digits, 'hex'));
  },
};

const HYPHENATED = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
/** With `urn:uuid:`, between any two characters, bare, or bare without hyphens: Google's library takes them all. */
const FORMS = [`(${HYPHENATED})`, `urn:uuid:(${HYPHENATED})`, `.(${HYPHENATED}).`, '([0-9a-f]{32})'];
const UUID = new RegExp(`^(?:${FORMS.join('|')})$`, 'is');
/** From 15 October 1582 to 1970, in hundreds of nanoseconds. */
const EPOCH = 0x01b21dd213814000n;

function digitsOf(text: string): string | undefined {
  return UUID.exec(text)
    ?.slice(1)
    .find((form) => form !== undefined)
    ?.replaceAll('-', '');
}

function describe(bytes: Buffer): object {
  const version = bytes.readUInt8(6) >> 4;
  const told = { version, variant: variantOf(bytes.readUInt8(8)) };
  if (version !== 1 && version !== 2) return told;
  return {
    ...told,
    ...madeBy(bytes),
    ...(version === 2 ? { id: bytes.readUInt32BE(0), domain: domainOf(bytes) } : {}),
  };
}

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122';
  if ((byte & 0xe0) === 0xc0) return 'Microsoft';
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved';
}

/** When and by which machine a UUID of version 1 or 2 was made. */
function madeBy(bytes: Buffer): object {
  const high = BigInt(bytes.readUInt16BE(6) & 0xfff) << 48n;
  const ticks = (high | (BigInt(bytes.readUInt16BE(4)) << 32n) | BigInt(bytes.readUInt32BE(0))) - EPOCH;
  const node = [...bytes.subarray(10)].map((byte) => byte.toString(16).padStart(2, '0'));
  const scope = (bytes.readUInt8(10) & 2) === 0 ? 'global' : 'local';
  return {
    // Go's int64 wraps, for times past the year 2262.
    time: BigInt.asIntN(64, ticks * 100n),
    nodeid: node.join('-'),
    macvariables: `${scope}:${(bytes.readUInt8(10) & 1) === 0 ? 'unicast' : 'multicast'}`,
    clocksequence: bytes.readUInt16BE(8) & 0x3fff,
  };
}

function domainOf(bytes: Buffer): string {
  const domain = bytes.readUInt8(9);
  return ['Person', 'Group', 'Org'][domain] ?? `Domain${domain}`;
}
