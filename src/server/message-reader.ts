import type { MessageReader, WireReader } from './wire-reader.ts';

/**
 * One member of a message: its number in protos/, the kind of its value (VARINT …), and what puts the value into the
 * message. `end` is where the message ends on the wire.
 */
export type Member<Message> = readonly [
  field: number,
  kind: number,
  take: (message: Message, wire: WireReader, end: number) => void,
];

/**
 * Makes the function that reads one type of message, by a table of its members. Members that are not in the table are
 * passed over, as newer ones of Envoy's must be; one that is must be of its own kind. The function throws RangeError where
 * the bytes are no such message.
 */
export function messageReader<Message extends object>(members: readonly Member<Message>[]): MessageReader<Message> {
  const byField: (Member<Message> | undefined)[] = [];
  for (const member of members) byField[member[0]] = member;
  return (wire, end) => {
    const message = {} as Message;
    while (wire.isBefore(end)) {
      const tag = wire.number(end);
      const field = tag >>> 3;
      const kind = tag & 7;
      const member = byField[field];
      if (member?.[1] === kind) member[2](message, wire, end);
      else if (member === undefined && field > 0) wire.skip(kind, end);
      else throw new RangeError(field === 0 ? 'a member without a number' : `member ${field} is of another kind`);
    }
    return message;
  };
}
