import { type Address, address, type Network } from './address.ts';
import type { HostBuiltins, Spend } from './builtin.ts';
import { isArray } from './is-array.ts';
import { operand } from './operand.ts';
import { RegoObject, RegoSet, type RegoValue } from './value.ts';

/** As many addresses as `net.cidr_expand` gives: those of a /20. */
const MAX_ADDRESSES = 4096n;
/** Ticks for one network in another. */
const COMPARING = 1000;
/** Ticks for one network that is merged. */
const MERGING = 1000;
/** Ticks for one address that is written, of IPv4 and of IPv6. */
const PRINTING = 100;
const PRINTING_LONG = 200;
/** Ticks for one bit of a network that is sought. */
const COVERING = 40;

/** `net.cidr_*` without what is compiled into the module. */
export const NETWORKS: HostBuiltins = {
  'net.cidr_is_valid': ([text]) => {
    try {
      address.network(operand.text(text).replace(/^::ffff:(?=[\d.]+\/)/i, '::'));
      return true;
    } catch {
      return false;
    }
  },

  'net.cidr_expand': ([text], spend) => {
    const network = address.network(operand.text(text));
    const count = address.last(network) - network.value + 1n;
    if (count > MAX_ADDRESSES) throw new RangeError('the network is too large');
    spend(Number(count) * (network.bits === 32 ? PRINTING : PRINTING_LONG));
    const values = Array.from({ length: Number(count) }, (_, at) => network.value + BigInt(at));
    return new RegoSet(values.map((value) => address.print({ bits: network.bits, value })));
  },

  'net.cidr_contains_matches': ([outer, inner], spend) => {
    spend(comparing(outer, inner));
    const found: RegoValue[] = [];
    for (const [cidr, index] of indexed(outer)) {
      for (const [sought, other] of indexed(inner)) {
        if (contains(operand.text(cidr), operand.text(sought))) found.push([index, other]);
      }
    }
    return new RegoSet(found);
  },

  'net.cidr_merge': ([networks], spend) => {
    const members = operand.members(networks);
    spend(members.length * MERGING);
    return merge(
      members.map((each) => blockOf(operand.text(each))),
      spend,
    );
  },
};

/** Where there is nothing to look in, OPA does not look at what is sought either. */
function comparing(outer: unknown, inner: unknown): number {
  const { length } = indexed(outer);
  return length === 0 ? 0 : length * indexed(inner).length * COMPARING;
}

function contains(cidr: string, sought: string): boolean {
  const outer = address.network(cidr);
  const single = address.parse(sought);
  const inner = single === undefined ? address.network(sought) : { ...single, prefix: single.bits };
  if (inner.bits !== outer.bits || inner.prefix < outer.prefix) return false;
  return address.first(inner, outer.prefix) === outer.value;
}

/** What is looked at, each with what it is called in the result: an index, a member, a key, or the text itself. */
function indexed(value: unknown): (readonly [RegoValue, RegoValue])[] {
  if (typeof value === 'string') return [[value, value]];
  if (isArray(value)) return value.map((each, at) => [cidrOf(each), at]);
  if (value instanceof RegoSet) return value.members.map((each) => [cidrOf(each), each]);
  if (value instanceof RegoObject) return value.entries.map(([key, each]) => [cidrOf(each), key]);
  return [];
}

/** A network may come with more, in an array that begins with it. */
function cidrOf(value: RegoValue): RegoValue {
  const [cidr] = isArray(value) ? value : [value];
  if (typeof value === 'string' || (isArray(value) && value.length > 0)) return cidr as RegoValue;
  throw new TypeError('it is neither text nor an array');
}

/** A run of addresses, and what it was called before it was merged. */
interface Block extends Address {
  readonly last: bigint;
  readonly name: string | undefined;
}

function blockOf(text: string): Block {
  const single = address.parse(text);
  const network = single === undefined ? address.network(text) : classful(single);
  const name = `${single === undefined ? address.print(network) : text}/${network.prefix}`;
  return { bits: network.bits, value: network.value, last: address.last(network), name };
}

/** Go gives an address of IPv4 the network of its class (RFC 791), and one of IPv6 none. */
function classful(found: Address): Network {
  const prefix = [8, 8, 8, 8, 16, 16, 24][Number(found.value >> 29n)];
  if (found.bits !== 32 || prefix === undefined) throw new SyntaxError('it needs a prefix length');
  return { bits: 32, value: address.first(found, prefix), prefix };
}

/** From the end, each with the one before it, where nothing is between them. */
function merge(blocks: readonly Block[], spend: Spend): RegoSet {
  const sorted = [...blocks].sort(
    (a, b) => order(BigInt(a.bits), BigInt(b.bits)) || order(a.last, b.last) || order(a.value, b.value),
  );
  for (let at = sorted.length - 1; at > 0; at--) {
    const [before, block] = [sorted[at - 1], sorted[at]] as [Block, Block];
    if (before.bits !== block.bits || block.value > before.last + 1n) continue;
    const value = before.value < block.value ? before.value : block.value;
    sorted.splice(at - 1, 2, { bits: block.bits, value, last: block.last, name: undefined });
  }
  return new RegoSet(sorted.flatMap((block) => (block.name === undefined ? cover(block, spend) : [block.name])));
}

function order(a: bigint, b: bigint): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** The fewest networks that hold these addresses and no others. */
function cover({ bits, value, last }: Block, spend: Spend): string[] {
  const names: string[] = [];
  let from = value;
  while (from <= last) {
    spend(bits * COVERING);
    let host = 0;
    while (host < bits && from % (2n << BigInt(host)) === 0n && from + (2n << BigInt(host)) - 1n <= last) host++;
    names.push(`${address.print({ bits, value: from })}/${bits - host}`);
    from += 1n << BigInt(host);
  }
  return names;
}
