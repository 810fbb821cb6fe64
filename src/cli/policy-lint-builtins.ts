/** What builtins take and give, as OPA's capabilities declare it. */
import { readFileSync } from 'node:fs';
import { HOST_BUILTINS } from '../policy/host/host-builtins.ts';
import { ANY, eitherOf, type Shape } from './policy-lint-shape.ts';
import { CAPABILITIES } from './policy-shipped.ts';

export interface Builtin {
  /** The types that each argument may have; undefined for any. */
  readonly takes: readonly (readonly string[] | undefined)[];
  readonly gives: Shape;
  /** Answered by the host: there, what it does not take is a fault that denies, and not undefined. */
  readonly isHosted: boolean;
}

interface Declared {
  readonly type?: string;
  readonly of?: Declared | readonly Declared[];
  readonly dynamic?: Declared & { readonly value?: Declared };
  readonly static?: readonly (Declared & { readonly key?: string; readonly value?: Declared })[];
}

/** Every builtin that a policy may use, by name. */
export function readBuiltins(): ReadonlyMap<string, Builtin> {
  const { builtins } = JSON.parse(readFileSync(CAPABILITIES, 'utf8')) as {
    readonly builtins: readonly {
      readonly name: string;
      readonly decl: { readonly args?: readonly Declared[]; readonly result?: Declared };
    }[];
  };
  return new Map(
    builtins.map(({ name, decl: { args = [], result } }) => [
      name,
      {
        takes: args.map((arg) => shapeOf(arg).types),
        gives: result === undefined ? ANY : shapeOf(result),
        isHosted: Object.hasOwn(HOST_BUILTINS, name),
      },
    ]),
  );
}

function shapeOf(declared: Declared): Shape {
  const { type = 'any', of, dynamic, static: fixed = [] } = declared;
  if (type === 'any') return Array.isArray(of) ? (eitherOf(of.map(shapeOf)) ?? ANY) : ANY;
  const inner = type === 'set' ? of : type === 'object' ? dynamic?.value : dynamic;
  const rest = inner === undefined || Array.isArray(inner) ? undefined : shapeOf(inner as Declared);
  const parts = fixed.map((part, index) => [part.key ?? String(index), shapeOf(part.value ?? part)] as const);
  return {
    types: [type],
    own: false,
    members: Object.fromEntries(parts),
    ...(rest !== undefined && { rest }),
  };
}
