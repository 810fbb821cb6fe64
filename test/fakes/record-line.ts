import type { Shadowed } from '../../src/policy/shadow.ts';
import { createInputDigest } from '../../src/provenance/input-digest.ts';
import { jsonLine } from '../../src/provenance/json-line.ts';
import { type KeepOptions, keptInput } from '../../src/provenance/kept-input.ts';
import { type RecordParts, recordOf } from '../../src/provenance/record.ts';
import type { Trail } from '../../src/provenance/trail.ts';

const digestOf = createInputDigest('k'.repeat(32));
const REDACTED: KeepOptions = { detail: 'redacted', labelOf: () => 'pseudonym', isPlain: false };

/** The line of one Check's record, as the journal writes it where no mask is in the bundle. */
export function recordLine(
  trail: Trail,
  known: Omit<RecordParts, 'kept' | 'digest'> & { readonly shadowed?: Shadowed },
  keep: KeepOptions = REDACTED,
): string {
  const digest = trail.asked && digestOf(trail.asked.text);
  const { shadowed, ...parts } = known;
  const record = recordOf(trail, { ...parts, kept: keptInput(trail, keep), digest });
  return jsonLine({ ...record, authz: { ...(record.authz as object), shadow: shadowed } });
}
