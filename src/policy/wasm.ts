import * as opaWasm from '@open-policy-agent/opa-wasm';
import { Refusal } from '../refusals.ts';
import { requireBuiltins } from './builtins.ts';
import { type Bundle, BundleError } from './bundle.ts';
import type { HostBuiltins } from './host/builtin.ts';
import { HOST_BUILTINS } from './host/host-builtins.ts';
import { Abort, BuiltinFailure, link } from './host/link.ts';
import { fuelOf, type Instance, PAGE } from './instance.ts';
import { meter } from './meter.ts';
import { DEFAULT_BUDGET, type Policy } from './policy.ts';
import { WasmPolicy } from './wasm-policy.ts';

export interface CompileOptions {
  readonly bundle: Bundle;
  /** For example `behalf/authz/decision`. */
  readonly entrypoint: string;
  /** `HOST_BUILTINS` unless given. Those that the SDK brings are never among them. */
  readonly builtins?: HostBuiltins;
  /** Ticks for one evaluation; `DEFAULT_BUDGET` unless given. */
  readonly budget?: number;
}

/** 64 MiB: the most memory that a policy may use (threats P05, P06). */
const MAX_PAGES = 1024;
/** Ticks for making an instance: it takes about two thousand. What a module does there, it would do after every trap. */
const START_BUDGET = 1_000_000;
/** Ticks for reading data.json, which takes eight for a byte: enough for what fits into the memory. */
const DATA_BUDGET = 200_000_000;
const NEEDED_EXPORTS = [
  'opa_wasm_abi_version',
  'opa_wasm_abi_minor_version',
  'opa_eval',
  'builtins',
  'entrypoints',
  'opa_value_dump',
  'opa_value_parse',
];
/** The one version of the ABI that there is. */
const ABI = 1;

/**
 * Compiles a bundle into a policy that can be asked. The only importer of the OPA SDK.
 *
 * The module is compiled once and its data is set once; each evaluation begins with a reset heap, so nothing of one
 * request is left for the next (threats P05, P08). An instance that trapped is thrown away, and the next evaluation gets
 * a fresh one (threats P06).
 *
 * An evaluation runs on the caller's thread, where nothing can interrupt it, so the module counts for itself: one that
 * goes on for too long is a `policy_timeout` (threats P07; docs/adr/0010-fuel-for-policy.md).
 * @see https://www.openpolicyagent.org/docs/wasm for the ABI
 * @throws BundleError
 */
export async function compilePolicy(options: CompileOptions): Promise<Policy> {
  const { bundle, entrypoint, builtins = HOST_BUILTINS, budget = DEFAULT_BUDGET } = options;
  const module = await moduleOf(bundle.wasm);
  // The module's own data lies below the heap, and cannot be larger than the module.
  const initial = Math.min(MAX_PAGES, Math.ceil(bundle.wasm.length / PAGE) + 4);
  const start: Start = (within) => startInstance(module, within, builtins);
  try {
    const instance = start({ initial, maximum: MAX_PAGES });
    requireBuiltins(builtinsOf(instance), Object.keys(builtins), bundle.sources);
    const id = entrypointOf(instance, entrypoint, bundle.entrypoints);
    setData(instance, bundle.data);
    const image = imageOf(instance);
    const restart = (): Instance => startAnew(start, instance, image);
    return new WasmPolicy({ revision: bundle.revision, entrypoint, id, budget, instance, restart, refusalFor });
  } catch (cause) {
    if (cause instanceof BundleError) throw cause;
    throw notFromOpa(describe(cause), cause);
  }
}

/** Makes an instance, in a memory that is there already, or in a new one. */
type Start = (within: Within) => Instance;
type Within = Parameters<typeof link>[1];

/** An instance whose builtins are the host's: the SDK's own would win over them (host/link.ts). */
function startInstance(module: object, within: Within, builtins: HostBuiltins): Instance {
  const { instance, memory } = link(module, within, builtins);
  const { opa_wasm_abi_version: abi, opa_wasm_abi_minor_version: minor } = instance.exports as AbiExports;
  if (abi.value !== ABI) throw notFromOpa(`its ABI is ${abi.value}, not ${ABI}`);
  return new sdk.LoadedPolicy(instance, memory, minor.value);
}

/** The data is set once: its heap is what every evaluation begins with. */
function setData(instance: Instance, data: object): void {
  const fuel = fuelOf(instance);
  fuel.value = DATA_BUDGET;
  try {
    instance.setData(data);
  } catch (cause) {
    if (fuel.value < 0) throw new BundleError('bundle_invalid', 'data.json takes too long to read.', { cause });
    const message = `data.json does not fit in the 64 MiB that a policy may use (${describe(cause)}). Leave out what no rule reads.`;
    throw new BundleError('bundle_invalid', message, { cause });
  }
}

/** Data as it lies in the memory of an instance: to copy it is many times faster than to parse data.json. */
interface Image {
  readonly bytes: Uint8Array;
  readonly dataAddr: number;
}

function imageOf({ mem, dataAddr, baseHeapPtr, dataHeapPtr }: Instance): Image {
  return { bytes: new Uint8Array(mem.buffer).slice(baseHeapPtr, dataHeapPtr), dataAddr };
}

/**
 * Makes a fresh instance like the first, in the memory of the one that is thrown away: a new one is made of pages that the
 * system has to clear once more, and the old one would be there until it is collected.
 */
function startAnew(start: Start, { mem, baseHeapPtr }: Instance, { bytes, dataAddr }: Image): Instance {
  // What lies below the heap is as the module expects it at its start. Of the heap it expects nothing.
  new Uint8Array(mem.buffer).fill(0, 0, baseHeapPtr);
  const fresh = start(mem);
  new Uint8Array(mem.buffer).set(bytes, baseHeapPtr);
  fresh.dataAddr = dataAddr;
  fresh.dataHeapPtr = baseHeapPtr + bytes.length;
  return fresh;
}

/** The SDK throws strings (`opa_abort`), plain objects and errors alike. None of them holds a value of the input. */
function refusalFor(thrown: unknown): Refusal {
  if (thrown instanceof BuiltinFailure) {
    return new Refusal('policy_builtin_error', `the builtin ${thrown.builtin} failed`, { cause: thrown.cause });
  }
  return new Refusal('policy_trap', describe(thrown), { cause: thrown });
}

/** Compiled once, however many entrypoints of one bundle are asked: the log's rules, and each of its tests. */
const modules = new WeakMap<Uint8Array, Promise<object>>();

function moduleOf(wasm: Uint8Array<ArrayBuffer>): Promise<object> {
  const module = modules.get(wasm) ?? compileModule(wasm);
  modules.set(wasm, module);
  return module;
}

async function compileModule(wasm: Uint8Array<ArrayBuffer>): Promise<object> {
  // Before it is rewritten: only of a valid module can no index come to mean what the meter adds.
  if (!WebAssembly.validate(wasm)) throw notFromOpa('it does not compile');
  let module: object;
  try {
    module = await WebAssembly.compile(meter(wasm, START_BUDGET));
  } catch (cause) {
    throw notFromOpa(describe(cause), cause);
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
  if (thrown instanceof Abort) return thrown.message.slice(0, 200);
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return text.slice(0, 200);
}

/** Globals that OPA exports, so that a host knows what it holds. */
interface AbiExports {
  readonly opa_wasm_abi_version: { readonly value: number };
  readonly opa_wasm_abi_minor_version: { readonly value: number };
}

/** The part of the SDK that we use. */
interface Sdk {
  readonly LoadedPolicy: new (instance: object, memory: object, minorVersion: number) => Instance;
}

/** Its declarations leave the default export out: the only way to an instance that we linked. */
const sdk = (opaWasm as unknown as { readonly default: Sdk }).default;

/** Neither Node's types nor the ES library declare it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<object>;
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  readonly Module: { exports(module: object): readonly { readonly name: string }[] };
};
