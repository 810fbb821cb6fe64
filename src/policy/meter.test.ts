import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { array, constantFrom, integer, letrec, oneof, property, assert as propertyHolds, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startModule } from '../../test/fakes/opa-module.ts';
import { assemble, leb, name, type Parts } from '../../test/fakes/wasm-assembler.ts';
import { EXAMPLE_INPUT } from '../../test/fixtures/policy-input.ts';
import { readBundle } from './bundle.ts';
import { FUEL, meter } from './meter.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MUCH = 2 ** 31 - 1;

/** Every bundle of the repository, by its path. */
const bundles = ['policies', 'test/fixtures/policies', 'examples'].flatMap((folder) =>
  readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('bundle.tar.gz'))
    .map((path) => {
      const { wasm, data } = readBundle(readFileSync(`${ROOT}${folder}/${path}`));
      return { path: `${folder}/${path}`, wasm, data };
    }),
);

interface Run {
  readonly call: (index: number) => unknown;
  readonly fuel: { value: number };
}

function start(wasm: Uint8Array, fuel: number): Run {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1024 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(meter(wasm, fuel)), { env: { memory, call() {} } });
  const exports = instance.exports as Record<string, () => unknown> & Record<typeof FUEL, { value: number }>;
  return { call: (index) => exports[index]?.(), fuel: exports[FUEL] };
}

/** What a call takes; undefined where it was cut off. */
function ticksOf(parts: Parts, fuel = 10_000): number | undefined {
  const run = start(assemble(parts), fuel);
  try {
    run.call(0);
  } catch (error) {
    expect(String(error)).toBe('RuntimeError: unreachable');
    expect(run.fuel.value).toBeLessThan(0);
    return undefined;
  }
  return fuel - run.fuel.value;
}

const LOOP = [0x03, 0x40];
const BLOCK = [0x02, 0x40];
const END = 0x0b;
const NOP = 0x01;
const TRUE = [0x41, 1];
const FALSE = [0x41, 0];

describe('what is not understood is refused', () => {
  it.each<[string, Parts, string]>([
    ['a second memory', { functions: [[0x41, 0, 0x28, 0x42, 0, 0, 0x1a]] }, 'more than one memory'],
    ['a tail call', { functions: [[0x12, 0]] }, 'an instruction 0x12'],
    ['a vector', { functions: [[0xfd, 12, ...Array.from({ length: 16 }, () => 0), 0x1a]] }, 'an instruction 0xfd'],
    ['an atomic', { functions: [[0xfe, 3, 0]] }, 'an instruction 0xfe'],
    ['a sum of 128 bits', { functions: [[0xfc, 19]] }, 'an instruction 0xfc 19'],
    [
      'an import of an exception',
      {
        functions: [[]],
        sections: { 2: [2, ...name('env'), ...name('memory'), 2, 1, 1, 2, ...name('a'), ...name('b'), 4, 0, 0] },
      },
      'an import of kind 4',
    ],
    ['code behind the end of a function', { functions: [[END, NOP]] }, 'goes on behind its end'],
    ['an exception', { functions: [[0x08, 0]], sections: { 13: [1, 0, 0] } }, 'a section 13'],
    ['a memory of its own', { functions: [[]], sections: { 2: [], 5: [1, 0, 1] } }, 'a section 5'],
    [
      'a 64-bit memory',
      { functions: [[]], sections: { 2: [1, ...name('env'), ...name('memory'), 2, 4, 1] } },
      '64-bit',
    ],
    ['a reference to a type', { functions: [[]], locals: [0x63] }, 'a local variable'],
  ])('%s', (_, parts, message) => {
    expect(() => meter(assemble(parts), 1)).toThrow(message);
  });

  it('a section that comes twice', () => {
    const types = [1, 4, 1, 0x60, 0, 0];
    expect(() => meter(Uint8Array.from([...assemble({ functions: [] }), ...types]), 1)).toThrow('two sections 1');
  });
});

describe('what a tick is', () => {
  it('a call of a function, and a turn of a loop', () => {
    expect(ticksOf({ functions: [[]] })).toBe(1);
    expect(ticksOf({ functions: [[0x10, 1, 0x10, 1], []] })).toBe(3);
    // local 0 counts to ten.
    const count = [0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41, 10, 0x48, 0x0d, 0];
    expect(ticksOf({ locals: [0x7f], functions: [[...LOOP, ...count, END]] })).toBe(11);
  });

  it('256 bytes of code that lie ahead: what never branches is not free [P07]', () => {
    const nops = (length: number): number[] => Array.from({ length }, () => NOP);
    expect(ticksOf({ functions: [nops(250)] })).toBe(1);
    expect(ticksOf({ functions: [nops(256)] })).toBe(2);
    expect(ticksOf({ functions: [nops(25_600)] })).toBe(101);
    expect(ticksOf({ functions: [[...LOOP, ...nops(2560), END]] })).toBe(11 + 11);
    expect(ticksOf({ functions: [nops(300_000)] }, 1000)).toBeUndefined();
  });

  it('the length of what copies, fills and initialises in one instruction [P07]', () => {
    const page = [0x41, 0x80, 0x80, 0x04];
    const zero = [0x41, 0];
    expect(ticksOf({ functions: [[...zero, ...zero, ...page, 0xfc, 11, 0]] })).toBe(1 + 256);
    expect(ticksOf({ functions: [[...zero, ...zero, ...page, 0xfc, 10, 0, 0]] })).toBe(1 + 256);
    expect(ticksOf({ functions: [[...zero, ...zero, ...page, 0xfc, 11, 0]] }, 100)).toBeUndefined();
    // A length of 2^32 - 1 is no small negative one.
    expect(ticksOf({ functions: [[...zero, ...zero, 0x41, 0x7f, 0xfc, 11, 0]] }, 1_000_000)).toBeUndefined();
  });
});

// Behind what a tick is: where loops cost none, this would never be over.
describe('code that does not end [P07]', () => {
  const recursion = { functions: [[0x10, 0]] };
  it.each<[string, Parts]>([
    ['a loop', { functions: [[...LOOP, 0x0c, 0, END]] }],
    ['a loop that goes on while something is true', { functions: [[...LOOP, ...TRUE, 0x0d, 0, END]] }],
    ['a loop by a table', { functions: [[...LOOP, ...FALSE, 0x0e, 1, 0, 0, END]] }],
    ['a loop in the branches of an if', { functions: [[...TRUE, 0x04, 0x40, ...LOOP, 0x0c, 0, END, 0x05, END]] }],
    ['a loop in a loop, left by neither', { functions: [[...LOOP, ...LOOP, 0x0c, 1, END, END]] }],
    ['a loop behind a block that ended', { functions: [[...BLOCK, END, ...LOOP, ...BLOCK, END, 0x0c, 0, END]] }],
    [
      'a loop that takes a value along',
      {
        functions: [[...TRUE, 0x03, 1, 0x0c, 0, END, 0x1a]],
        sections: { 1: [2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f] },
      },
    ],
    ['a function that calls itself', recursion],
    [
      'two functions that call each other',
      {
        functions: [
          [0x10, 1],
          [0x10, 0],
        ],
      },
    ],
    ['a function that calls itself by a table', { functions: [[...FALSE, 0x11, 0, 0]] }],
  ])('%s', (_, parts) => {
    expect(WebAssembly.validate(assemble(parts))).toBe(true);
    expect(ticksOf(parts, 5000)).toBeUndefined();
  });

  it('is cut off where the module starts, too', () => {
    const endless = assemble({ functions: [[...LOOP, 0x0c, 0, END]], sections: { 8: [0] } });
    expect(() => start(endless, 1000)).toThrow('unreachable');
  });
});

describe.each(bundles)('the module of $path, metered', ({ wasm, data }) => {
  const metered = meter(wasm, MUCH);

  it('is valid, imports the same, and exports one global more', () => {
    expect(WebAssembly.validate(metered)).toBe(true);
    const [before, after] = [wasm, metered].map((bytes) => new WebAssembly.Module(bytes));
    expect(WebAssembly.Module.imports(after)).toEqual(WebAssembly.Module.imports(before));
    const fuel = { name: FUEL, kind: 'global' };
    expect(WebAssembly.Module.exports(after)).toEqual([...WebAssembly.Module.exports(before), fuel]);
    expect(metered.length).toBeLessThan(wasm.length * 1.2);
  });

  it('answers as it did before, and takes the same for the same', () => {
    const [original, rewritten] = [startModule(wasm, data), startModule(metered, data)];
    const fuel = rewritten.global(FUEL);
    if (fuel === undefined) throw new TypeError('it exports no fuel');
    // Patterns set something up, once for each instance.
    fuel.value = MUCH;
    rewritten.evaluate(JSON.stringify(EXAMPLE_INPUT));
    const ticks = new Map<string, number>();
    for (const input of [...inputs(150), ...inputs(150)]) {
      const expected = original.evaluate(input);
      fuel.value = MUCH;
      expect(rewritten.evaluate(input)).toBe(expected);
      const taken = MUCH - fuel.value;
      expect(taken).toBeGreaterThan(100);
      // Whatever ran before: who replays a decision meets the same end.
      if (!/Error/.test(expected)) expect(ticks.get(input) ?? taken).toBe(taken);
      ticks.set(input, taken);
    }
  });

  it('does nothing at all without fuel', () => {
    const without = startModule(metered, data);
    const fuel = without.global(FUEL);
    if (fuel === undefined) throw new TypeError('it exports no fuel');
    for (const budget of [0, 1, 10, 100, 1000]) {
      fuel.value = budget;
      expect(without.evaluate(JSON.stringify(EXAMPLE_INPUT))).toBe('RuntimeError: unreachable');
      expect(fuel.value).toBeLessThan(0);
    }
  });
});

describe('an instruction', () => {
  /** Immediates that some instruction takes: a number, two, a vector, four bytes, eight. */
  const immediates = [[], [0], [0x40], [0, 0], [1, 0x7f], [0x70], [0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0], [0xff, 0x00]];
  /** In dead code the types of operands do not matter. */
  const moduleOf = (instruction: readonly number[], ends: readonly number[]): Uint8Array<ArrayBuffer> =>
    assemble({ functions: [[...BLOCK, 0x00, ...instruction, 0x00, ...ends, END]], locals: [0x7f, 0x7e, 0x7d, 0x7c] });
  const endless = [...LOOP, 0x0c, 0, END];

  it('is metered or refused, whichever of them it is [P07]', () => {
    const known = { metered: 0, refused: 0 };
    for (const opcode of [...Array.from({ length: 256 }, (_, byte) => [byte]), ...prefixed()]) {
      for (const operands of immediates) {
        for (const ends of [[], [END]]) {
          const wasm = moduleOf([...opcode, ...operands], ends);
          if (!WebAssembly.validate(wasm)) continue;
          const rewritten = metered(wasm);
          if (rewritten === undefined) known.refused += 1;
          else known.metered += 1;
          expect(rewritten === undefined || WebAssembly.validate(rewritten), String([opcode, operands])).toBe(true);
        }
      }
    }
    expect(known.metered).toBeGreaterThan(200);
    expect(known.refused).toBeGreaterThan(20);
  });

  it('does not hide a loop behind it, whichever of them it is [P07]', () => {
    for (const opcode of [...Array.from({ length: 256 }, (_, byte) => [byte]), ...prefixed()]) {
      for (const operands of immediates) {
        // What takes more immediates than it is given takes them from here, and not from the loop.
        const padding = Array.from({ length: 200 }, () => NOP);
        const skipped = [...BLOCK, 0x0c, 0, ...opcode, ...operands, ...padding, 0x00, END, ...endless];
        const wasm = assemble({ functions: [skipped], locals: [0x7f, 0x7e, 0x7d, 0x7c] });
        if (!WebAssembly.validate(wasm) || metered(wasm) === undefined) continue;
        expect(
          ticksOf({ functions: [skipped], locals: [0x7f, 0x7e, 0x7d, 0x7c] }, 100),
          String(opcode),
        ).toBeUndefined();
      }
    }
  });

  function* prefixed(): Generator<number[]> {
    for (const prefix of [0xfb, 0xfc, 0xfd, 0xfe]) {
      for (let sub = 0; sub < 256; sub++) yield [prefix, ...leb(sub)];
    }
  }
});

describe('modules that are made up', () => {
  const bits = integer({ min: 0, max: 2 ** 31 - 1 });
  /** Code that leaves the stack as it was, of any shape; `br 0` in a loop goes on for ever. */
  const { code } = letrec<{ code: number[]; one: number[] }>((tie) => ({
    code: array(tie('one'), { maxLength: 4, depthIdentifier: 'code' }).map((parts) => parts.flat()),
    one: oneof(
      { maxDepth: 5, depthIdentifier: 'code' },
      tuple(constantFrom('nop', 'number', 'call', 'fill'), bits).map(([kind, number]) => shaped(kind, [], number)),
      tuple(constantFrom('block', 'loop', 'if', 'table'), tie('code'), bits).map((parts) => shaped(...parts)),
    ),
  }));

  function shaped(kind: string, inner: readonly number[], number: number): number[] {
    switch (kind) {
      case 'number':
        return [
          0x42,
          ...leb(number % 64),
          0x1a,
          0x43,
          0x0b,
          0x03,
          0x40,
          0x0b,
          0x1a,
          0x44,
          ...Array.from({ length: 8 }, () => 0x0b),
          0x1a,
        ];
      case 'call':
        return [0x10, number % 3];
      case 'block':
        return [...BLOCK, ...inner, ...TRUE, 0x0d, 0, END];
      case 'loop':
        return [...LOOP, ...inner, ...(number % 2 === 0 ? TRUE : FALSE), 0x0d, 0, END];
      case 'if':
        return [0x41, number % 2, 0x04, 0x40, ...inner, 0x05, ...inner, END];
      case 'table':
        return [...BLOCK, ...BLOCK, ...inner, 0x41, number % 4, 0x0e, 2, 0, 1, 0, END, END];
      case 'fill':
        return [0x41, 0, 0x41, 0, 0x41, number % 64, 0xfc, 11, 0];
      default:
        return [NOP];
    }
  }

  it('are valid when metered, and end, with or without fuel [P07]', () => {
    const modules = tuple(code, code, code).map((functions) => assemble({ functions }));
    propertyHolds(
      property(modules, integer({ min: 0, max: 3000 }), (wasm, fuel) => {
        expect(WebAssembly.validate(wasm)).toBe(true);
        const run = start(wasm, MUCH);
        run.fuel.value = fuel;
        try {
          run.call(0);
          expect(run.fuel.value).toBeLessThan(fuel);
          expect(run.fuel.value).toBeGreaterThanOrEqual(0);
        } catch (error) {
          if (!String(error).startsWith('RuntimeError')) throw error;
          expect(run.fuel.value).toBeLessThan(0);
        }
      }),
      { numRuns: 2000, seed: 5 },
    );
  });
});

describe('a module of OPA that was changed', () => {
  const wasm = bundles.find(({ path }) => path.includes('undefined'))?.wasm ?? new Uint8Array();
  const at = integer({ min: 8, max: wasm.length - 1 });

  it('by a byte: it is invalid, refused, or metered and valid [P07, P09]', () => {
    let valid = 0;
    propertyHolds(
      property(at, integer({ min: 1, max: 255 }), (place, change) => {
        const changed = wasm.slice();
        changed[place] = (changed[place] ?? 0) ^ change;
        const isValid = WebAssembly.validate(changed);
        const rewritten = metered(changed);
        if (!isValid || rewritten === undefined) return;
        valid += 1;
        expect(WebAssembly.validate(rewritten)).toBe(true);
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(valid).toBeGreaterThan(10);
  });

  it('by being cut off: what is valid no more is not made valid [P09]', () => {
    propertyHolds(
      property(at, (length) => {
        const cut = wasm.slice(0, length);
        const rewritten = metered(cut);
        expect(rewritten !== undefined && WebAssembly.validate(rewritten)).toBe(WebAssembly.validate(cut));
      }),
      { numRuns: 300, seed: 5, examples: [[8], [9], [wasm.length - 1]] },
    );
  });
});

function metered(wasm: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    return meter(wasm, MUCH);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return undefined;
  }
}

/** Inputs that are like real ones, and less and less so: parts of the example, blanked, replaced, and filled at random. */
function inputs(count: number): string[] {
  const example = JSON.stringify(EXAMPLE_INPUT);
  const words = [...new Set(example.match(/"[^"]*"|\d+(?:\.\d+)?|null/g))];
  const swaps = [
    'null',
    '0',
    '-1.5e300',
    '""',
    '"\\ud83d\\ude00"',
    '[]',
    '{}',
    '[[1,"a",null]]',
    'true',
    '9007199254740993',
  ];
  return Array.from({ length: count }, (_, index) => {
    const word = words[(index * 7) % words.length] ?? '';
    const swap = swaps[index % swaps.length] ?? '';
    // A key must stay text.
    return index === 0 ? example : example.replaceAll(`:${word}`, `:${swap}`);
  });
}

declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  readonly Memory: new (limits: object) => object;
  readonly Module: (new (
    bytes: Uint8Array,
  ) => object) & {
    imports(module: object | undefined): readonly object[];
    exports(module: object | undefined): readonly object[];
  };
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};
