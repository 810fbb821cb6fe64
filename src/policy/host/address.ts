import { isIPv4, isIPv6 } from 'node:net';

/** An address of IP as a number: 32 bits or 128. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A block of addresses, by its prefix. */
export interface Network extends Address {
  readonly prefix: number;
}

/**
 * Addresses and networks, read as strictly as Go reads them. An IPv6 address that maps an IPv4 one is an error: Go takes
 * it now for the one, now for the other.
 */
export const address = {
  /** @returns undefined where it is none */
  parse(text: string): Address | undefined {
    if (isIPv4(text)) return { bits: 32, value: ofBytes(text.split('.').map(Number), 8n) };
    if (!isIPv6(text) || text.includes('%')) return undefined;
    return unmapped({ bits: 128, value: ofBytes(groupsOf(text), 16n) });
  },

  /** @throws SyntaxError where it is no network in CIDR notation */
  network(text: string): Network {
    const [, left = '', right = ''] = /^([^/]*)\/(\d{1,9})$/.exec(text) ?? [];
    const found = address.parse(left);
    const prefix = Number(right);
    if (found === undefined || right === '' || prefix > found.bits) throw new SyntaxError('it is no network');
    return { bits: found.bits, value: first(found, prefix), prefix };
  },

  first,

  last({ bits, value, prefix }: Network): bigint {
    return value | ((1n << BigInt(bits - prefix)) - 1n);
  },

  print({ bits, value }: Address): string {
    if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
    const groups = Array.from({ length: 8 }, (_, at) => ((value >> BigInt(112 - at * 16)) & 0xffffn).toString(16));
    return compressed(groups);
  },
} as const;

function first({ bits, value }: Address, prefix: number): bigint {
  const host = BigInt(bits - prefix);
  return (value >> host) << host;
}

function unmapped(found: Address): Address {
  if (found.value >> 32n === 0xffffn) throw new SyntaxError('it maps an address of IPv4');
  return found;
}

function ofBytes(parts: readonly number[], width: bigint): bigint {
  return parts.reduce((value, part) => (value << width) | BigInt(part), 0n);
}

/** `::` stands for as many groups of zero as are missing, and the last two may be written as IPv4. */
function groupsOf(text: string): number[] {
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [left = [], right = []] = plain.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

/** RFC 5952 section 4.2: the longest run of at least two zeros, the first of equals. */
function compressed(groups: readonly string[]): string {
  let [from, length] = [0, 1];
  for (let at = 0; at < groups.length; at++) {
    const run = groups.slice(at).findIndex((group) => group !== '0');
    const zeros = run === -1 ? groups.length - at : run;
    if (zeros > length) [from, length] = [at, zeros];
  }
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, from).join(':')}::${groups.slice(from + length).join(':')}`;
}
