/** Runs a module of OPA by its ABI alone, without the SDK and without our own adapter: a metered one beside the original. */

export interface OpaModule {
  /** What the entrypoint says, as JSON, or what it threw. */
  evaluate(input: string): string;
  /** The exported global of that name, where there is one. */
  readonly global: (name: string) => { value: number } | undefined;
}

interface Exports {
  readonly opa_malloc: (size: number) => number;
  readonly opa_json_parse: (address: number, size: number) => number;
  readonly opa_heap_ptr_get: () => number;
  readonly opa_eval: (...args: readonly number[]) => number;
}

/** @see https://www.openpolicyagent.org/docs/wasm for the ABI */
export function startModule(wasm: Uint8Array<ArrayBuffer>, data: object): OpaModule {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 1024 });
  const textAt = (address: number): string => {
    const bytes = new Uint8Array(memory.buffer);
    return new TextDecoder().decode(bytes.subarray(address, bytes.indexOf(0, address)));
  };
  const write = (text: string, address: number): number => {
    const bytes = new TextEncoder().encode(text);
    const lacking = address + bytes.length - memory.buffer.byteLength;
    if (lacking > 0) memory.grow(Math.ceil(lacking / 65_536));
    new Uint8Array(memory.buffer).set(bytes, address);
    return bytes.length;
  };
  const env: Record<string, unknown> = {
    memory,
    opa_abort: (address: number) => {
      throw new Error(textAt(address));
    },
  };
  for (let arity = 0; arity <= 4; arity++) {
    env[`opa_builtin${arity}`] = (id: number) => {
      throw new Error(`builtin ${id}`);
    };
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env });
  const opa = exports as unknown as Exports;
  const text = JSON.stringify(data);
  const raw = opa.opa_malloc(new TextEncoder().encode(text).length);
  const parsed = opa.opa_json_parse(raw, write(text, raw));
  const heap = opa.opa_heap_ptr_get();
  return {
    evaluate: (input) => {
      try {
        const length = write(input, heap);
        return textAt(opa.opa_eval(0, 0, parsed, heap, length, heap + length, 0));
      } catch (thrown) {
        return String(thrown);
      }
    },
    global: (name) => (exports as Record<string, { value: number }>)[name],
  };
}

declare const WebAssembly: {
  readonly Memory: new (limits: object) => { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};
