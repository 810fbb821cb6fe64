/** Messages that are broken as bytes: truncated, flipped, spliced, too large, too deep, or nothing but noise. */
import { type Boundary, boundaries } from './boundaries.ts';
import type { Random } from './random.ts';
import type { Seed } from './seeds.ts';

export interface Broken {
  readonly kind: string;
  readonly bytes: Buffer;
  /** The allowed requests that it was made from. */
  readonly parents: readonly Seed[];
}

/** What the handler takes in these runs; far below what gRPC takes. */
export const MAX_MESSAGE_BYTES = 128 * 1024;

const START_GROUP = 0x0b;
const cuts = new Map<Seed, ReadonlyMap<Boundary['where'], readonly number[]>>();

const KINDS: Readonly<Record<string, (seed: Seed, other: Seed, random: Random) => Buffer>> = {
  truncated: ({ bytes, ...seed }, _, random) => {
    const classes = cutsOf({ bytes, ...seed });
    return bytes.subarray(0, random.pick(classes.get(random.pick([...classes.keys()])) ?? [0]));
  },
  'bits flipped': ({ bytes }, _, random) => {
    const flipped = Buffer.from(bytes);
    for (let left = random.pick([1, 1, 1, 2, 3, 8]); left > 0; left--) {
      const at = random.below(flipped.length);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
    }
    return flipped;
  },
  'a range overwritten': ({ bytes }, _, random) => {
    const broken = Buffer.from(bytes);
    random.bytes(1 + random.below(24)).copy(broken, random.below(broken.length));
    return broken;
  },
  'a range inserted': ({ bytes }, _, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(24)), bytes.subarray(at)]);
  },
  'a range removed': ({ bytes }, _, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(24))]);
  },
  'two messages joined': ({ bytes }, other, random) =>
    Buffer.concat(random.chance(0.5) ? [bytes, other.bytes] : [bytes, other.bytes.subarray(0, random.below(400))]),
  'the halves of two': ({ bytes }, other, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), other.bytes.subarray(Math.min(at, other.bytes.length))]);
  },
  noise: (_, __, random) => random.bytes(random.below(600)),
  'noise in a frame': (_, __, random) => field(1, random.bytes(random.below(120))),
  'unknown fields added': ({ bytes }, _, random) =>
    Buffer.concat([bytes, Buffer.from([0xfa, 0x3f, 4]), random.bytes(4), Buffer.from([0xf8, 0x3f, random.below(128)])]),
  'an endless number': ({ bytes }, _, random) => {
    const at = random.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(12, 255), bytes.subarray(at)]);
  },
  'groups without end': ({ bytes }, _, random) =>
    Buffer.concat([
      random.chance(0.5) ? bytes : Buffer.alloc(0),
      Buffer.alloc(random.pick([1, 99, 9_000, 60_000]), START_GROUP),
    ]),
  'values in values': ({ bytes }, _, random) => {
    const deep = deepMetadata(random.pick([3, 60, 3000]));
    return random.pick([deep, Buffer.concat([deep, bytes]), Buffer.concat([bytes, deep])]);
  },
};

const RARE: Readonly<Record<string, (seed: Seed, random: Random) => Buffer>> = {
  empty: () => Buffer.alloc(0),
  oversize: ({ bytes }, random) =>
    // A valid message with padding in a field that nobody reads: nothing but its size is wrong with it.
    Buffer.concat([bytes, padding(MAX_MESSAGE_BYTES - bytes.length + random.pick([1, 2, 1000, 60_000]))]),
};

export const BROKEN_KINDS: readonly string[] = [...Object.keys(KINDS), ...Object.keys(RARE)];

export function breakBytes(kind: string, seeds: readonly Seed[], random: Random): Broken {
  const [seed, other] = [random.pick(seeds), random.pick(seeds)];
  const bytes = KINDS[kind]?.(seed, other, random) ?? RARE[kind]?.(seed, random) ?? Buffer.alloc(0);
  return { kind, bytes, parents: [seed, other] };
}

function cutsOf(seed: Seed): ReadonlyMap<Boundary['where'], readonly number[]> {
  let known = cuts.get(seed);
  if (known === undefined) {
    const all = boundaries(seed.bytes);
    known = new Map(
      [...Map.groupBy(all, ({ where }) => where)].map(([where, each]) => [where, each.map(({ at }) => at)]),
    );
    cuts.set(seed, known);
  }
  return known;
}

/** A length-delimited field. */
function field(number: number, ...payload: readonly Buffer[]): Buffer {
  const length = payload.reduce((sum, { length: each }) => sum + each, 0);
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(length)]), ...payload]);
}

const deepMetadataOf = new Map<number, Buffer>();

/** `metadata_context` with a list in a list in a list …: the one place where a CheckRequest may recurse (threats N06). */
function deepMetadata(depth: number): Buffer {
  let made = deepMetadataOf.get(depth);
  if (made === undefined) {
    let value: Buffer = Buffer.alloc(0);
    for (let level = 0; level < depth; level++) value = field(6, field(1, value));
    const name = field(1, Buffer.from('a'));
    const struct = field(1, name, field(2, value));
    made = field(1, field(11, field(1, name, field(2, struct))));
    deepMetadataOf.set(depth, made);
  }
  return made;
}

/** Field 1023, length-delimited, so that the whole is exactly `size` bytes longer. */
function padding(size: number): Buffer {
  const head = [0xfa, 0x3f];
  const length = varint(size - head.length - 3);
  return Buffer.concat([Buffer.from([...head, ...length]), Buffer.alloc(size - head.length - length.length, 0x61)]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
