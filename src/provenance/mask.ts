import { pointerParts } from './pointer-parts.ts';
import type { DecisionRecord } from './record.ts';

/** One rule of `data.system.log.mask`. */
interface MaskRule {
  readonly op: 'remove' | 'upsert';
  readonly path: string;
  readonly value: unknown;
}

/** What a mask may reach, as in OPA: `authz` is the account of the decision, and stays. */
const ROOTS = ['input', 'result'];

/**
 * Takes out of a record what the bundle's mask rules name, and lists it: a text or `{op: "remove", path}` removes,
 * `{op: "upsert", path, value}` replaces. A rule whose path is not there changes nothing; OPA's upsert would make it, but
 * a record that shows what never was cannot be replayed. Rules can only hide: what the record left out already is not
 * there to be seen. The record itself is not changed; its parts belong to the Check.
 * @see https://www.openpolicyagent.org/docs/management-decision-logs#masking-sensitive-data
 * @throws whatever the rules throw, and Error where they are no rules: the caller then withholds input and result
 */
export function maskRecord(record: DecisionRecord, mask: (record: object) => unknown): DecisionRecord {
  const copy = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
  const said = mask(copy);
  if (said === undefined) return record;
  if (!Array.isArray(said)) throw new TypeError('the mask is no set of rules');
  for (const rule of said.map(readRule).sort(lastFirst)) {
    const list = rule.op === 'remove' ? 'erased' : 'masked';
    const hidden = placesOf(copy, rule).filter((path) => apply(copy, pointerParts(path), rule));
    if (hidden.length > 0) copy[list] = [...new Set([...((copy[list] as string[] | undefined) ?? []), ...hidden])];
  }
  return copy;
}

/** What is hidden of the first element of a batch is hidden of the others, too. */
function placesOf({ input }: { readonly input?: unknown }, { path }: MaskRule): readonly string[] {
  const { batch } = (input ?? {}) as { readonly batch?: readonly unknown[] };
  if (batch === undefined) return [path];
  if (path === '/input/mcp') return [path, '/input/batch'];
  if (!path.startsWith('/input/mcp/')) return [path];
  return [path, ...batch.map((_, index) => path.replace('/input/mcp', `/input/batch/${index}`))];
}

function readRule(rule: unknown): MaskRule {
  if (typeof rule === 'string') return { op: 'remove', path: checked(rule), value: undefined };
  const { op, path, value } = (rule ?? {}) as Readonly<Record<string, unknown>>;
  if ((op !== 'remove' && op !== 'upsert') || typeof path !== 'string')
    throw new TypeError('a mask rule has no op or path');
  return { op, path: checked(path), value: value ?? null };
}

/** Of a list, what comes last goes first: otherwise the others move up, and the wrong ones are hidden. */
function lastFirst(one: MaskRule, other: MaskRule): number {
  return other.path.localeCompare(one.path, 'en', { numeric: true });
}

function checked(path: string): string {
  const [root = ''] = pointerParts(path);
  if (!ROOTS.includes(root)) throw new TypeError('a mask rule is for neither input nor result');
  return path;
}

/** @returns whether there was anything to hide */
function apply(record: object, parts: readonly string[], { op, value }: MaskRule): boolean {
  let node: unknown = record;
  for (const part of parts.slice(0, -1)) node = has(node, part) ? node[part] : undefined;
  const last = parts.at(-1) ?? '';
  if (!has(node, last)) return false;
  if (op === 'upsert') node[last] = value;
  else if (Array.isArray(node)) node.splice(Number(last), 1);
  else delete node[last];
  return true;
}

/** Of a list, only an element is a part. */
function has(node: unknown, part: string): node is Record<string, unknown> {
  if (typeof node !== 'object' || node === null || !Object.hasOwn(node, part)) return false;
  return !Array.isArray(node) || /^\d+$/.test(part);
}
