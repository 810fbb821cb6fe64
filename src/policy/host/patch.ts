import { MAX_TEXT } from './bounded-text.ts';
import type { Spend } from './builtin.ts';
import { isArray } from './is-array.ts';
import { operand } from './operand.ts';
import { keyOf, RegoObject, RegoSet, type RegoValue } from './value.ts';
import { weigh } from './weigh.ts';

/** Where in a document, from its root. */
type Path = readonly RegoValue[];

/** Ticks for one operation, for one step of a path, and for one member of what is copied to be changed. */
const OPERATION_TICKS = 200;
const STEP_TICKS = 100;
const MEMBER_TICKS = 10;

/**
 * JSON Patch (RFC 6902) over values of Rego: a path may also be an array of keys, and a member of a set is its own key.
 * @throws Error where an operation is not one, or does not fit the document
 */
export function patch(document: RegoValue, operations: readonly RegoValue[], spend: Spend): RegoValue {
  const patcher = new Patcher(document, spend);
  for (const operation of operations) patcher.apply(operand.object(operation));
  return needed(patcher.document);
}

class Patcher {
  document: RegoValue | undefined;
  readonly #spend: Spend;
  #copied = 0;

  constructor(document: RegoValue, spend: Spend) {
    this.document = document;
    this.#spend = spend;
  }

  apply(operation: RegoObject): void {
    this.#spend(OPERATION_TICKS);
    const member = (name: string): RegoValue => needed(operation.get(name));
    const path = this.#pathOf(member('path'));
    switch (operation.get('op')) {
      case 'add':
        return this.#insert(path, member('value'));
      case 'remove':
        return this.#remove(path);
      case 'replace':
        this.#remove(path);
        return this.#insert(path, member('value'));
      case 'move':
        return this.#move(this.#pathOf(member('from')), path);
      case 'copy':
        return this.#insert(path, this.#copy(this.#find(this.#pathOf(member('from')))));
      case 'test':
        return this.#test(this.#find(path), member('value'));
      default:
        throw new TypeError('it is no operation of a patch');
    }
  }

  #move(from: Path, path: Path): void {
    const value = this.#find(from);
    this.#remove(from);
    this.#insert(path, value);
  }

  /** Copies are what doubles a document, though they take no memory here: they do where it is written or compared. */
  #copy(value: RegoValue): RegoValue {
    this.#copied += weigh(value, this.#spend);
    if (this.#copied > MAX_TEXT) throw new RangeError('the copies of a patch are too long');
    return value;
  }

  #test(found: RegoValue, wanted: RegoValue): void {
    for (const each of [found, wanted]) weigh(each, this.#spend);
    if (keyOf(found) !== keyOf(wanted)) throw new RangeError('a test of a patch failed');
  }

  /** RFC 6901, but that OPA takes no heed of slashes at the beginning, and takes an array of keys too. */
  #pathOf(path: RegoValue): Path {
    if (isArray(path)) {
      for (const key of path) weigh(key, this.#spend);
      return path;
    }
    const text = operand.text(path);
    this.#spend(text.length * MEMBER_TICKS);
    if (text === '') return [];
    const parts = text.replace(/^\/+/, '').split('/');
    return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  }

  #find(path: Path): RegoValue {
    return path.reduce<RegoValue>((value, key) => this.#step(value, key), needed(this.document));
  }

  #step(value: RegoValue, key: RegoValue): RegoValue {
    this.#spend(STEP_TICKS);
    return needed(child(value, key));
  }

  #insert(path: Path, value: RegoValue): void {
    if (path.length === 0) this.document = value;
    else this.document = this.#edit(needed(this.document), path, (container, key) => inserted(container, key, value));
  }

  #remove(path: Path): void {
    const document = needed(this.document);
    this.document = path.length === 0 ? undefined : this.#edit(document, path, removed);
  }

  /** Replaces what is at the end of the path by what `change` makes of its container. */
  #edit(value: RegoValue, path: Path, change: Change, at = 0): RegoValue {
    const key = path[at] as RegoValue;
    const isLast = at === path.length - 1;
    const changed = isLast ? undefined : this.#edit(this.#step(value, key), path, change, at + 1);
    this.#payFor(value, key);
    return changed === undefined ? change(value, key) : put(value, key, changed);
  }

  /** What is changed is copied. In a set, what is changed is found by itself. */
  #payFor(container: RegoValue, key: RegoValue): void {
    this.#spend(STEP_TICKS + (isArray(container) ? container.length / MEMBER_TICKS : sizeOf(container) * MEMBER_TICKS));
    if (container instanceof RegoSet) weigh(key, this.#spend);
  }
}

/** What becomes of a container where it is changed at a key. */
type Change = (container: RegoValue, key: RegoValue) => RegoValue;

function sizeOf(container: RegoValue): number {
  return container instanceof RegoObject || container instanceof RegoSet ? container.size : 0;
}

function needed(value: RegoValue | undefined): RegoValue {
  if (value === undefined) throw new RangeError('something of a patch is missing, or of the document');
  return value;
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

function put(container: RegoValue, key: RegoValue, value: RegoValue): RegoValue {
  if (container instanceof RegoObject) return container.with(key, value);
  if (container instanceof RegoSet) return container.with(key, value);
  return isArray(container) ? container.with(indexOf(container, key), value) : needed(undefined);
}

function inserted(container: RegoValue, key: RegoValue, value: RegoValue): RegoValue {
  if (container instanceof RegoSet && keyOf(key) !== keyOf(value)) throw new RangeError('it is not its own key');
  if (!isArray(container)) return put(container, key, value);
  const at = indexOf(container, key);
  if (at < 0 || at > container.length) throw new RangeError('it is no index of the array');
  return container.toSpliced(at, 0, value);
}

function removed(container: RegoValue, key: RegoValue): RegoValue {
  needed(child(container, key));
  if (container instanceof RegoSet || container instanceof RegoObject) return container.without(key);
  return (container as readonly RegoValue[]).toSpliced(indexOf(container as readonly RegoValue[], key), 1);
}
