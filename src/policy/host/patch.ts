import { isArray } from './is-array.ts';
import { operand } from './operand.ts';
import { keyOf, RegoObject, RegoSet, type RegoValue } from './value.ts';

/** Where in a document, from its root. */
type Path = readonly RegoValue[];

/**
 * JSON Patch (RFC 6902) over values of Rego: a path may also be an array of keys, and a member of a set is its own key.
 * @throws Error where an operation is not one, or does not fit the document
 */
export function patch(document: RegoValue, operations: readonly RegoValue[]): RegoValue {
  let result: RegoValue | undefined = document;
  for (const operation of operations) result = apply(result, operand.object(operation));
  if (result === undefined) throw new RangeError('nothing is left');
  return result;
}

function apply(document: RegoValue | undefined, operation: RegoObject): RegoValue | undefined {
  const member = (name: string): RegoValue => needed(operation.get(name));
  const path = pathOf(member('path'));
  switch (operation.get('op')) {
    case 'add':
      return insert(document, path, member('value'));
    case 'remove':
      return remove(document, path);
    case 'replace':
      return insert(remove(document, path), path, member('value'));
    case 'move': {
      const from = pathOf(member('from'));
      return insert(remove(document, from), path, find(document, from));
    }
    case 'copy':
      return insert(document, path, find(document, pathOf(member('from'))));
    case 'test':
      if (keyOf(find(document, path)) !== keyOf(member('value'))) throw new RangeError('a test of a patch failed');
      return document;
    default:
      throw new TypeError('it is no operation of a patch');
  }
}

function needed(value: RegoValue | undefined): RegoValue {
  if (value === undefined) throw new RangeError('something of a patch is missing, or of the document');
  return value;
}

/** RFC 6901, but that OPA takes no heed of slashes at the beginning, and takes an array of keys too. */
function pathOf(path: RegoValue): Path {
  if (isArray(path)) return path;
  const text = operand.text(path);
  if (text === '') return [];
  const parts = text.replace(/^\/+/, '').split('/');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(document: RegoValue | undefined, path: Path): RegoValue {
  return path.reduce<RegoValue>((value, key) => needed(child(value, key)), needed(document));
}

function child(value: RegoValue, key: RegoValue): RegoValue | undefined {
  if (value instanceof RegoObject) return value.get(key);
  if (value instanceof RegoSet) return value.has(key) ? key : undefined;
  return isArray(value) ? value[indexOf(value, key)] : undefined;
}

/** `-` is behind the last one (RFC 6902 §4.1). */
function indexOf(array: readonly RegoValue[], key: RegoValue): number {
  if (key === '-') return array.length;
  if (typeof key === 'number' && Number.isInteger(key)) return key;
  if (typeof key === 'string' && /^(?:0|[1-9]\d*)$/.test(key)) return Number(key);
  throw new RangeError('it is no index of an array');
}

/** Replaces what is at the end of the path by what `change` makes of its container. */
function edit(value: RegoValue, path: Path, change: (container: RegoValue, key: RegoValue) => RegoValue): RegoValue {
  const [key, ...rest] = path as [RegoValue, ...RegoValue[]];
  if (rest.length === 0) return change(value, key);
  const changed = edit(needed(child(value, key)), rest, change);
  return put(value, key, changed);
}

function put(container: RegoValue, key: RegoValue, value: RegoValue): RegoValue {
  if (container instanceof RegoObject) return new RegoObject([...container.entries, [key, value]]);
  if (container instanceof RegoSet) return new RegoSet([...without(container, key).members, value]);
  return isArray(container) ? container.with(indexOf(container, key), value) : needed(undefined);
}

function insert(document: RegoValue | undefined, path: Path, value: RegoValue): RegoValue {
  if (path.length === 0) return value;
  return edit(needed(document), path, (container, key) => {
    if (container instanceof RegoSet && keyOf(key) !== keyOf(value)) throw new RangeError('it is not its own key');
    if (!isArray(container)) return put(container, key, value);
    const at = indexOf(container, key);
    if (at < 0 || at > container.length) throw new RangeError('it is no index of the array');
    return container.toSpliced(at, 0, value);
  });
}

function remove(document: RegoValue | undefined, path: Path): RegoValue | undefined {
  if (path.length === 0) {
    needed(document);
    return undefined;
  }
  return edit(needed(document), path, (container, key) => {
    needed(child(container, key));
    if (container instanceof RegoSet) return without(container, key);
    if (isArray(container)) return container.toSpliced(indexOf(container, key), 1);
    const entries = (container as RegoObject).entries.filter(([other]) => keyOf(other) !== keyOf(key));
    return new RegoObject(entries);
  });
}

function without(set: RegoSet, key: RegoValue): RegoSet {
  return new RegoSet(set.members.filter((member) => keyOf(member) !== keyOf(key)));
}
