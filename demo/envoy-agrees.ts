import { type DecisionRecord, readLines } from './records.ts';
import type { World } from './world.ts';

/** How Envoy says that its Checks ended, and how many decision records Behalf has written. */
export interface Agreement {
  readonly ok: number;
  readonly denied: number;
  readonly error: number;
  readonly failureModeAllowed: number;
  readonly records: number;
  /** Every Check has exactly one decision record, and none failed. */
  readonly agrees: boolean;
}

/** Compares Envoy's own statistics with the decision records. */
export async function compareWithEnvoy({ envoy, behalf }: World): Promise<Agreement> {
  const stats = await envoy.stats(/^http\..*\.ext_authz\./);
  const sum = (name: string) =>
    [...stats].reduce((total, [key, value]) => (key.endsWith(`.behalf.${name}`) ? total + value : total), 0);
  const counts = {
    ok: sum('ok'),
    denied: sum('denied'),
    error: sum('error'),
    failureModeAllowed: sum('failure_mode_allowed'),
    records: readLines<DecisionRecord>(behalf.recordsFile).length,
  };
  const complete = counts.ok + counts.denied === counts.records && counts.records > 0;
  return { ...counts, agrees: complete && counts.error === 0 && counts.failureModeAllowed === 0 };
}
