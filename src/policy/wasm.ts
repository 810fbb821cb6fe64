import * as opaWasm from '@open-policy-agent/opa-wasm';
import { Refusal } from '../refusals.ts';
import { requireBuiltins } from './builtins.ts';
import { type Bundle, BundleError } from './bundle.ts';
import type { PolicyInput } from './input.ts';
import type { Policy } from './policy.ts';

/** A builtin that Rego calls and JavaScript answers. It is synchronous and bounded, and throws where OPA would fail. */
export type HostBuiltin = (...args: readonly unknown[]) => unknown;

export interface CompileOptions {
  readonly bundle: Bundle;
  /** For example `behalf/authz/decision`. */
  readonly entrypoint: string;
  /** None unless given. Those that the SDK brings are not among them, and cannot be replaced. */
  readonly builtins?: Readonly<Record<string, HostBuiltin>>;
}

const PAGE = 64 * 1024;
/** 64 MiB: the most memory that a policy may use (threats P05, P06). */
const MAX_PAGES = 1024;
/** The SDK answers these itself, whatever it is given, and otherwise than OPA does (sprintf-js, RegExp, YAML 1.2). */
const UNFAITHFUL = new Set(['sprintf', 'regex.split', 'yaml.is_valid', 'yaml.marshal', 'yaml.unmarshal']);
const NEEDED_EXPORTS = ['opa_wasm_abi_version', 'opa_wasm_abi_minor_version', 'opa_eval', 'builtins', 'entrypoints'];

/**
 * Compiles a bundle into a policy that can be asked. The only importer of the OPA SDK.
 *
 * The module is compiled once and its data is set once; each evaluation begins with a reset heap, so nothing of one
 * request is left for the next (threats P05, P08). An instance that trapped is thrown away, and the next evaluation gets
 * a fresh one (threats P06).
 *
 * Known gap (threats P07): an evaluation runs on the caller's thread and cannot be interrupted, so a policy that loops
 * for seconds blocks the process for as long. Metering the module closes it later.
 * @see https://www.openpolicyagent.org/docs/wasm for the ABI
 * @throws BundleError
 */
export async function compilePolicy({ bundle, entrypoint, builtins = {} }: CompileOptions): Promise<Policy> {
  const module = await compileModule(bundle.wasm);
  const hosted = tagFailures(builtins);
  const start = (): Instance => {
    // The module's own data lies below the heap, and cannot be larger than the module.
    const initial = Math.min(MAX_PAGES, Math.ceil(bundle.wasm.length / PAGE) + 4);
    return sdk.loadPolicySync(module, { initial, maximum: MAX_PAGES }, hosted);
  };
  try {
    const instance = start();
    const provided = Object.keys(builtins).filter((name) => !UNFAITHFUL.has(name));
    requireBuiltins(builtinsOf(instance), provided, bundle.sources);
    const id = entrypointOf(instance, entrypoint, bundle.entrypoints);
    setData(instance, bundle.data);
    return new WasmPolicy({ revision: bundle.revision, entrypoint, id, data: bundle.data, start, instance });
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw notFromOpa(describe(cause), cause);
  }
}

/** The data is set once: its heap is what every evaluation begins with. */
function setData(instance: Instance, data: object): void {
  try {
    instance.setData(data);
  } catch (cause) {
    const message = `data.json does not fit in the 64 MiB that a policy may use (${describe(cause)}). Leave out what no rule reads.`;
    throw new BundleError('bundle_invalid', message, { cause });
  }
}

interface PolicyParts {
  readonly revision: string;
  readonly entrypoint: string;
  readonly id: number;
  readonly data: object;
  readonly start: () => Instance;
  readonly instance: Instance;
}

class WasmPolicy implements Policy {
  readonly revision: string;
  readonly entrypoint: string;
  readonly #parts: PolicyParts;
  #instance: Instance | undefined;

  constructor(parts: PolicyParts) {
    this.revision = parts.revision;
    this.entrypoint = parts.entrypoint;
    this.#parts = parts;
    this.#instance = parts.instance;
  }

  evaluate(input: PolicyInput): unknown {
    let results: unknown;
    try {
      this.#instance ??= this.#restart();
      results = ask(this.#instance, JSON.stringify(input), this.#parts.id);
    } catch (thrown) {
      // A trap leaks some of the module's own stack: kept, an instance breaks for good after a few hundred (threats P06).
      this.#instance = undefined;
      throw refusalFor(thrown);
    }
    return onlyResult(results);
  }

  #restart(): Instance {
    const instance = this.#parts.start();
    instance.setData(this.#parts.data);
    return instance;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * One evaluation by the ABI's fast path, as the SDK does it, but with the input written straight into the module's
 * memory and the result found without a loop in JavaScript. The heap begins behind the input, so it is reset each time.
 */
function ask({ mem, wasmInstance, dataAddr, dataHeapPtr }: Instance, input: string, entrypoint: number): unknown {
  const most = input.length * 3;
  const lacking = dataHeapPtr + most - mem.buffer.byteLength;
  if (lacking > 0) mem.grow(Math.ceil(lacking / PAGE));
  const { read, written } = encoder.encodeInto(input, new Uint8Array(mem.buffer, dataHeapPtr, most));
  if (read !== input.length) throw new RangeError('the input does not fit');
  const { opa_eval } = wasmInstance.exports as { readonly opa_eval: (...args: readonly number[]) => number };
  const start = opa_eval(0, entrypoint, dataAddr, dataHeapPtr, written, dataHeapPtr + written, 0);
  const memory = new Uint8Array(mem.buffer);
  return JSON.parse(decoder.decode(memory.subarray(start, memory.indexOf(0, start))));
}

/** A query for one rule has one result, or none where the rule is undefined. */
function onlyResult(results: unknown): unknown {
  if (!Array.isArray(results) || results.length > 1) {
    throw new Refusal('policy_result_invalid', 'the evaluation gave more than one result');
  }
  const [first] = results as [{ readonly result?: unknown }?];
  return first?.result;
}

/** The SDK throws strings (`opa_abort`), plain objects and errors alike. None of them holds a value of the input. */
function refusalFor(thrown: unknown): Refusal {
  if (thrown instanceof BuiltinFailure) {
    return new Refusal('policy_builtin_error', `the builtin ${thrown.builtin} failed`, { cause: thrown.cause });
  }
  return new Refusal('policy_trap', describe(thrown), { cause: thrown });
}

class BuiltinFailure extends Error {
  readonly builtin: string;

  constructor(builtin: string, cause: unknown) {
    super(`${builtin} failed`, { cause });
    this.builtin = builtin;
  }
}

/** A builtin that fails must fail the decision: taken for undefined, it would make a negated rule true (threats P03). */
function tagFailures(builtins: Readonly<Record<string, HostBuiltin>>): Record<string, HostBuiltin> {
  const tagged = Object.entries(builtins).map(([name, answer]): [string, HostBuiltin] => [
    name,
    (...args) => {
      try {
        return answer(...args);
      } catch (cause) {
        throw new BuiltinFailure(name, cause);
      }
    },
  ]);
  return Object.fromEntries(tagged);
}

async function compileModule(wasm: Uint8Array<ArrayBuffer>): Promise<object> {
  let module: object;
  try {
    module = await WebAssembly.compile(wasm);
  } catch (cause) {
    throw notFromOpa('it does not compile', cause);
  }
  const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
  const missing = NEEDED_EXPORTS.filter((name) => !exported.includes(name));
  if (missing.length > 0) throw notFromOpa(`it does not export ${missing.join(', ')}`);
  return module;
}

/** Every builtin that the module calls back for, by name. Must come before the data is set, which resets the heap. */
function builtinsOf({ minorVersion = 0, wasmInstance, mem }: Instance): string[] {
  // From ABI 1.2 on, an evaluation resets the heap; before it, memory grows (threats P05).
  if (minorVersion < 2) throw notFromOpa(`its ABI is 1.${minorVersion}, and 1.2 or later is needed`);
  const { builtins, opa_json_dump } = wasmInstance.exports as Record<'builtins', () => number> &
    Record<'opa_json_dump', (address: number) => number>;
  const start = opa_json_dump(builtins());
  const memory = new Uint8Array(mem.buffer);
  const json = new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start)));
  return Object.keys(JSON.parse(json) as object);
}

function entrypointOf({ entrypoints }: Instance, entrypoint: string, promised: Bundle['entrypoints']): number {
  const absent = promised.find((name) => !Object.hasOwn(entrypoints, name));
  // A manifest of one build with the module of another (threats P09).
  if (absent !== undefined) throw notFromOpa(`.manifest names the entrypoint ${absent}, which it does not have`);
  const id = Object.hasOwn(entrypoints, entrypoint) ? entrypoints[entrypoint] : undefined;
  if (id !== undefined) return id;
  const existing = Object.keys(entrypoints).join(', ');
  throw new BundleError(
    'bundle_entrypoint_missing',
    `it has no entrypoint ${entrypoint}, only ${existing}. Correct policy.entrypoint, or build with \`-e ${entrypoint}\`.`,
  );
}

function notFromOpa(problem: string, cause?: unknown): BundleError {
  const message = `policy.wasm is not what OPA builds: ${problem}. Build the bundle again with \`opa build -t wasm\`.`;
  return new BundleError('bundle_invalid', message, { cause });
}

function describe(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return text.slice(0, 200);
}

/** The part of the SDK that we use. */
interface Sdk {
  loadPolicySync(
    module: object,
    memory: { readonly initial: number; readonly maximum: number },
    builtins: Readonly<Record<string, HostBuiltin>>,
  ): Instance;
}

interface Instance {
  readonly minorVersion?: number;
  readonly mem: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly dataAddr: number;
  readonly dataHeapPtr: number;
  readonly wasmInstance: { readonly exports: object };
  readonly entrypoints: Readonly<Record<string, number>>;
  setData(data: object): void;
}

/** Its declarations leave the default export out: the only way to an instance that is made synchronously, after a trap. */
const sdk = (opaWasm as unknown as { readonly default: Sdk }).default;

/** Neither Node's types nor the ES library declare it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<object>;
  readonly Module: { exports(module: object): readonly { readonly name: string }[] };
};
