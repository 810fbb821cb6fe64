import type { Metadata__Output as Metadata } from '../generated/envoy/config/core/v3/Metadata.ts';
import type { ListValue__Output as ListValue } from '../generated/google/protobuf/ListValue.ts';
import type { Struct__Output as Struct } from '../generated/google/protobuf/Struct.ts';
import type { Value__Output as Value } from '../generated/google/protobuf/Value.ts';
import { nullObject } from '../null-object.ts';
import { messageReader } from './message-reader.ts';
import { BYTES, type Entry, FIXED64, type MessageReader, VARINT } from './wire-reader.ts';

const value: MessageReader<Value> = messageReader<Value>([
  [1, VARINT, (to, wire, end) => (alone(to).nullValue = none(wire.number(end)))],
  [2, FIXED64, (to, wire, end) => (alone(to).numberValue = wire.double(end))],
  [3, BYTES, (to, wire, end) => (alone(to).stringValue = wire.text(end))],
  [4, VARINT, (to, wire, end) => (alone(to).boolValue = wire.number(end) !== 0)],
  [5, BYTES, (to, wire, end) => (alone(to).structValue = wire.message(undefined, struct, end))],
  [6, BYTES, (to, wire, end) => (alone(to).listValue = wire.message(undefined, list, end))],
]);

const list = messageReader<ListValue>([
  [1, BYTES, (to, wire, end) => (to.values ??= []).push(wire.message(undefined, value, end))],
]);

const valueEntry = messageReader<Entry<Value>>([
  [1, BYTES, (to, wire, end) => (to.key = wire.text(end))],
  [2, BYTES, (to, wire, end) => (to.value = wire.message(to.value, value, end))],
]);

const struct = messageReader<Struct>([
  [1, BYTES, (to, wire, end) => wire.entry((to.fields ??= nullObject()), valueEntry, end)],
]);

const structEntry = messageReader<Entry<Struct>>([
  [1, BYTES, (to, wire, end) => (to.key = wire.text(end))],
  [2, BYTES, (to, wire, end) => (to.value = wire.message(to.value, struct, end))],
]);

/** What other filters of Envoy's left for us. Throws RangeError where it is malformed, as all readers of messages do. */
export const metadata = messageReader<Metadata>([
  [1, BYTES, (to, wire, end) => wire.entry((to.filter_metadata ??= nullObject()), structEntry, end)],
]);

/** A value has one kind: of two, some parsers take the last and some both. */
function alone(to: Value): Value {
  for (const kind in to) throw new RangeError(`a value that is a ${kind} already`);
  return to;
}

function none(number: number): 0 {
  if (number !== 0) throw new RangeError('a null that is none');
  return 0;
}
