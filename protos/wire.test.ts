/**
 * protos/ is a trimmed copy of Envoy's files. Trimming may leave things out; it may never lose, rename or renumber what
 * is left. Proven against the full upstream files, which the development dependency @grpc/grpc-js-xds ships.
 */
import { fileURLToPath } from 'node:url';
import {
  type EnumTypeDefinition,
  loadSync,
  type MessageTypeDefinition,
  type PackageDefinition,
  type ServiceDefinition,
} from '@grpc/proto-loader';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Field {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

interface EnumType {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number: number }[];
}

interface Message {
  readonly name: string;
  readonly field: readonly Field[];
  readonly nestedType: readonly Message[];
  readonly enumType: readonly EnumType[];
  readonly oneofDecl: readonly { readonly name: string }[];
  readonly options: { readonly mapEntry: boolean } | null;
}

interface Types {
  readonly messages: ReadonlyMap<string, Message>;
  readonly enums: ReadonlyMap<string, EnumType>;
}

type Value = Readonly<Record<string, unknown>>;

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const upstreamRoot = '../node_modules/@grpc/grpc-js-xds/deps/';
const options = { keepCase: true, longs: Number, enums: Number, defaults: false, oneofs: false };

const ours = loadSync(['envoy/service/auth/v3/external_auth.proto', 'grpc/health/v1/health.proto'], {
  ...options,
  includeDirs: [here('.')],
});
const upstream = loadSync('envoy/service/auth/v3/external_auth.proto', {
  ...options,
  includeDirs: ['envoy-api', 'googleapis', 'xds', 'protoc-gen-validate'].map((dir) => here(upstreamRoot + dir)),
});

/** Every message and enum by its full name, nested ones included. */
function typesOf(loaded: PackageDefinition): Types {
  const [messages, enums] = [new Map<string, Message>(), new Map<string, EnumType>()];
  const add = (name: string, message: Message): void => {
    messages.set(name, message);
    for (const nested of message.nestedType) add(`${name}.${nested.name}`, nested);
    for (const nested of message.enumType) enums.set(`${name}.${nested.name}`, nested);
  };
  for (const [name, { format, type }] of Object.entries(
    loaded as Record<string, Partial<MessageTypeDefinition<object, object> | EnumTypeDefinition>>,
  )) {
    if (format?.includes('DescriptorProto') && !format.includes('Enum')) add(name, type as Message);
    if (format?.includes('EnumDescriptorProto')) enums.set(name, type as EnumType);
  }
  return { messages, enums };
}

/** A type's name as written in `scope`, found the way protoc finds it: from the innermost scope outwards. */
function resolve<T>(types: ReadonlyMap<string, T>, scope: string, typeName: string): readonly [string, T] {
  for (let at = scope; ; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
    const name = at === '' ? typeName : `${at}.${typeName}`;
    const found = types.get(name);
    if (found !== undefined) return [name, found];
    if (at === '') throw new Error(`${typeName}, used in ${scope}, is not among the loaded types`);
  }
}

const OURS = typesOf(ours);
const UPSTREAM = typesOf(upstream);
const isEnvoys = ([name]: readonly [string, unknown]): boolean => !name.startsWith('grpc.health.');

/** Each field with its type's full name in place of the written one. */
function shape(types: Types, name: string, message: Message): ReadonlyMap<string, object> {
  return new Map(
    message.field.map(({ name: field, number, label, type, typeName }) => {
      const table = type === 'TYPE_ENUM' ? types.enums : types.messages;
      return [field, { number, label, type, of: typeName === '' ? '' : resolve<unknown>(table, name, typeName)[0] }];
    }),
  );
}

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  TYPE_STRING: fc.string({ unit: 'grapheme', maxLength: 20 }),
  TYPE_BYTES: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  TYPE_BOOL: fc.boolean(),
  TYPE_INT32: fc.integer(),
  TYPE_UINT32: fc.nat(),
  TYPE_INT64: fc.maxSafeInteger(),
  TYPE_UINT64: fc.maxSafeNat(),
  TYPE_DOUBLE: fc.double({ noNaN: true }),
  TYPE_FLOAT: fc.double({ noNaN: true }).map((number) => Math.fround(number)),
};

/** Any value of a message, each member given or not. Lists and maps are never empty: the wire cannot tell that from absent. */
function anyOf(types: Types, name: string, depth: number): fc.Arbitrary<Value> {
  const [, message] = resolve(types.messages, '', name);
  const members = message.field.flatMap((field) => {
    const value = anyValue(types, name, field, depth);
    return value === undefined ? [] : [[field.name, value] as const];
  });
  return fc.record(Object.fromEntries(members), { requiredKeys: [] });
}

function anyValue(types: Types, name: string, field: Field, depth: number): fc.Arbitrary<unknown> | undefined {
  const entry = mapEntry(types, name, field);
  if (entry !== undefined) {
    const value = anyValue(types, ...entry, depth);
    const key = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 })
      .filter((word) => word !== '__proto__');
    return value && fc.dictionary(key, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
  }
  const one = anyOne(types, name, field, depth);
  return field.label === 'LABEL_REPEATED' ? one && fc.array(one, { minLength: 1, maxLength: 3 }) : one;
}

function anyOne(types: Types, name: string, field: Field, depth: number): fc.Arbitrary<unknown> | undefined {
  if (field.type === 'TYPE_MESSAGE') {
    return depth === 0 ? undefined : anyOf(types, resolve(types.messages, name, field.typeName)[0], depth - 1);
  }
  if (field.type === 'TYPE_ENUM') {
    const [, { value }] = resolve(types.enums, name, field.typeName);
    return fc.constantFrom(...value.map(({ number }) => number));
  }
  const scalar = SCALARS[field.type];
  if (scalar === undefined) throw new Error(`no generator for ${field.type}, the type of ${name}.${field.name}`);
  return scalar;
}

/** A map field is a repeated message that is marked as a map's entry: the entry's name and its value field. */
function mapEntry(types: Types, name: string, field: Field): readonly [string, Field] | undefined {
  if (field.type !== 'TYPE_MESSAGE') return undefined;
  const [entryName, entry] = resolve(types.messages, name, field.typeName);
  if (entry.options?.mapEntry !== true) return undefined;
  const value = entry.field.find((member) => member.name === 'value');
  return value && [entryName, value];
}

/** What is left of an upstream value once the members that we trimmed are gone. */
function trimmed(name: string, value: Value): Value {
  const [, message] = resolve(OURS.messages, '', name);
  const kept = message.field.filter((field) => Object.hasOwn(value, field.name));
  return Object.fromEntries(kept.map((field) => [field.name, trimmedMember(name, field, value[field.name])]));
}

function trimmedMember(name: string, field: Field, value: unknown): unknown {
  const entry = mapEntry(OURS, name, field);
  if (entry !== undefined) {
    return Object.fromEntries(Object.entries(value as Value).map(([key, one]) => [key, trimmedMember(...entry, one)]));
  }
  if (Array.isArray(value)) return value.map((one: unknown) => trimmedMember(name, { ...field, label: '' }, one));
  if (field.type !== 'TYPE_MESSAGE') return value;
  return trimmed(resolve(OURS.messages, name, field.typeName)[0], value as Value);
}

function codec(loaded: PackageDefinition, name: string): MessageTypeDefinition<object, object> {
  return loaded[name] as MessageTypeDefinition<object, object>;
}

describe('protos/, field by field', () => {
  it.each([...OURS.messages].filter(isEnvoys))('%s keeps the names, numbers and types of upstream', (name, message) => {
    const theirs = UPSTREAM.messages.get(name);
    expect(theirs, `upstream has no ${name}`).toBeDefined();
    if (theirs === undefined) return;
    const [mine, full] = [shape(OURS, name, message), shape(UPSTREAM, name, theirs)];
    expect(mine.size).toBeGreaterThan(0);
    expect(mine).toEqual(new Map([...full].filter(([field]) => mine.has(field))));
    expect(theirs.oneofDecl.map((one) => one.name)).toEqual(
      expect.arrayContaining(message.oneofDecl.map((one) => one.name)),
    );
  });

  it.each([...OURS.enums].filter(isEnvoys))('%s keeps the words and numbers of upstream', (name, { value }) => {
    const words = (type: EnumType | undefined) => type?.value.map((one) => `${one.name} = ${one.number}`);
    expect(words(UPSTREAM.enums.get(name))).toEqual(expect.arrayContaining(words({ name, value }) ?? ['nothing']));
  });

  it('answers the method that Envoy calls', () => {
    const path = (loaded: PackageDefinition) =>
      (loaded['envoy.service.auth.v3.Authorization'] as ServiceDefinition)['Check']?.path;
    expect(path(ours)).toBe('/envoy.service.auth.v3.Authorization/Check');
    expect(path(upstream)).toBe(path(ours));
  });
});

describe.each(['envoy.service.auth.v3.CheckRequest', 'envoy.service.auth.v3.CheckResponse'])('%s', (name) => {
  const [mine, theirs] = [codec(ours, name), codec(upstream, name)];
  const runs = { seed: 20_260_401, numRuns: 300 };

  it('encoded by us is read whole by upstream', () => {
    fc.assert(
      fc.property(anyOf(OURS, name, 7), (value) => {
        expect(theirs.deserialize(mine.serialize(value))).toEqual(value);
      }),
      runs,
    );
  });

  it('encoded by upstream, with all that we trimmed, loses nothing that we use', () => {
    fc.assert(
      fc.property(anyOf(UPSTREAM, name, 7), (value) => {
        expect(mine.deserialize(theirs.serialize(value))).toEqual(trimmed(name, value));
      }),
      runs,
    );
  });
});

/** The upstream health.proto is not among the dependency's files; these bytes are what its numbers make (gRPC health v1). */
describe('grpc.health.v1', () => {
  it.each([
    ['UNKNOWN', 0, '0800'],
    ['SERVING', 1, '0801'],
    ['NOT_SERVING', 2, '0802'],
    ['SERVICE_UNKNOWN', 3, '0803'],
  ])('says %s as %i on the wire', (word, status, bytes) => {
    const response = codec(ours, 'grpc.health.v1.HealthCheckResponse');
    expect(response.serialize({ status }).toString('hex')).toBe(bytes);
    expect(response.deserialize(Buffer.from(bytes, 'hex'))).toEqual({ status });
    const words = OURS.enums.get('grpc.health.v1.HealthCheckResponse.ServingStatus')?.value;
    expect(words?.find(({ number }) => number === status)?.name).toBe(word);
  });

  it('reads the service from field 1 and answers the methods that probes call', () => {
    const request = codec(ours, 'grpc.health.v1.HealthCheckRequest');
    expect(request.deserialize(Buffer.from('0a0161', 'hex'))).toEqual({ service: 'a' });
    const { Check, Watch } = ours['grpc.health.v1.Health'] as ServiceDefinition;
    expect([Check?.path, Watch?.path]).toEqual(['/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/Watch']);
    expect([Check?.responseStream, Watch?.responseStream]).toEqual([false, true]);
  });
});
