import { fileReason, shownPath } from '../config/problem.ts';
import { inputSchema } from '../policy-suite/input-schema.ts';
import { StartError } from './failure.ts';
import { linesOf } from './matrix-lines.ts';
import type { Fixture } from './policy-fixture.ts';

/** What a decision record kept of what policy was asked, made whole where it can be. */
export interface Recorded extends Fixture {
  /** JSON pointers of what the record does not hold: taken for absent here. */
  readonly erased: readonly string[];
  /** JSON pointers of what it holds under another name, such as a pseudonym. */
  readonly masked: readonly string[];
  /** How many other elements the batch had, each of which was a question of its own. */
  readonly others: number;
  /** What was decided then. */
  readonly decided: string;
  readonly revision: string | undefined;
  /** The record itself. */
  readonly line: string;
}

interface Found {
  readonly input?: Readonly<Record<string, unknown>>;
  readonly erased?: readonly string[];
  readonly masked?: readonly string[];
  readonly bundles?: { readonly authz?: { readonly revision?: string } };
  readonly authz?: { readonly outcome?: string; readonly reason?: string; readonly policy?: string };
}

/** What stands for each part that a record leaves out: as if the client had sent none of it. */
const ABSENT: Readonly<Record<string, unknown>> = {
  '/input/subject/claims': {},
  '/input/chain': [],
  '/input/token/audience': [],
  '/input/token/scopes': [],
  '/input/request/segments': [],
  '/input/request/params': {},
  '/input/request/query': {},
  '/input/request/headers': {},
  '/input/request/body/json': null,
  '/input/mcp/arguments': null,
};

/**
 * Finds a decision in files of records, and gives what policy was asked then.
 * @throws StartError where it is not there, or policy was not asked, or too little was kept to ask it again
 */
export async function readRecorded(id: string, files: readonly string[]): Promise<Recorded> {
  const { record, shown, line } = await find(id, files);
  const { input: kept, erased = [], masked = [], authz } = record;
  const decided = [authz?.outcome, authz?.reason].filter((part) => part !== undefined).join(' ');
  if (kept?.['version'] === undefined) {
    throw new StartError(
      `${shown}: policy was not asked: it was decided before (${decided}); there is nothing to evaluate`,
    );
  }
  const { batch, ...asked } = structuredClone(kept);
  for (const pointer of erased) fill(asked, pointer);
  const read = inputSchema.safeParse(asked);
  if (!read.success) throw tooLittle(shown, erased, read.error.issues);
  const others = Array.isArray(batch) ? batch.length : 0;
  const revision = record.bundles?.authz?.revision;
  return { shown, input: read.data, erased, masked, others, decided, revision, line };
}

async function find(
  id: string,
  files: readonly string[],
): Promise<{ readonly record: Found; readonly shown: string; readonly line: string }> {
  let lines = 0;
  for (const file of files) {
    try {
      for await (const line of linesOf(file)) {
        lines += 1;
        const record = line.includes(id) ? parsed(line) : undefined;
        if (record?.decision_id === id) return { record, shown: `${shownPath(file)}:${lines}`, line };
      }
    } catch (error) {
      throw new StartError(`${shownPath(file)} cannot be read: ${fileReason(error)}`, { cause: error });
    }
  }
  const searched = files.map(shownPath).join(', ');
  throw new StartError(`there is no decision ${id} in ${searched} (${lines} lines); is it in an older file?`);
}

function parsed(line: string): (Found & { readonly decision_id?: unknown }) | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Puts what stands for a part in its place; a part that nothing can stand for stays out, and is missed below. */
function fill(input: Record<string, unknown>, pointer: string): void {
  if (!Object.hasOwn(ABSENT, pointer)) return;
  const keys = pointer.split('/').slice(2);
  const last = keys.pop() ?? '';
  let part: Record<string, unknown> | undefined = input;
  for (const key of keys) part = part?.[key] as Record<string, unknown> | undefined;
  if (part !== undefined && part !== null) part[last] = ABSENT[pointer];
}

function tooLittle(
  shown: string,
  erased: readonly string[],
  issues: readonly { readonly path: readonly PropertyKey[] }[],
): StartError {
  const missing = issues.map(({ path }) => ['input', ...path.map(String)].join('.')).join(', ');
  const told = erased.length === 0 ? 'it names nothing as erased' : `it names as erased ${erased.join(', ')}`;
  return new StartError(
    `${shown}: what the record kept is no whole input: ${missing}; ${told}. Evaluate a fixture instead: -i FILE`,
  );
}
