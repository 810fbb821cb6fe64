import type { ReadyReport } from '../admin/admin.ts';
import type { Reloader } from '../config/reload.ts';
import type { Logger } from '../log.ts';

export interface Readiness {
  /** What `/readyz` says; the gRPC health service says the same in one word. */
  readonly report: () => ReadyReport;
  /** From now on: not ready, whatever else is well. */
  readonly drain: () => void;
}

/** Ready means: a configuration is live, the keys of every issuer were had at least once, and we are not stopping. */
export function createReadiness({ snapshot, last, bundle }: Reloader): Readiness {
  let isDraining = false;
  return {
    drain: () => {
      isDraining = true;
    },
    report: () => {
      const { epoch, matrix, issuers } = snapshot();
      const policy = bundle();
      const reload = last();
      const failed = reload?.ok === false ? `; the last reload failed: ${reload.error}` : '';
      const checks = [
        { name: 'process', ok: !isDraining, detail: isDraining ? 'draining' : 'running' },
        { name: 'config', ok: true, detail: `epoch ${epoch}, matrix ${matrix.revision}${failed}` },
        { name: 'policy', ok: policy.ready, detail: policy.detail },
        ...issuers.status().map(({ issuer, ready, detail }) => ({ name: `issuer ${issuer}`, ok: ready, detail })),
      ];
      return { ready: checks.every(({ ok }) => ok), checks };
    },
  };
}

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 1000;

/**
 * Logs one line when everything is ready; and, where that takes longer than a moment, one before it that says what is
 * missing.
 * @param fields what the lines carry: the addresses
 * @returns ends the watch
 */
export function announceReady(
  { report }: Readiness,
  fields: Readonly<Record<string, string>>,
  log: Logger,
): () => void {
  const began = performance.now();
  let isToldToWait = false;
  const look = (): void => {
    const { ready, checks } = report();
    if (ready) {
      clearInterval(timer);
      log.info(fields, 'ready');
    } else if (!isToldToWait && performance.now() - began > PATIENCE_MS) {
      isToldToWait = true;
      log.info({ ...fields, waitingFor: checks.filter(({ ok }) => !ok) }, 'listening, not ready yet');
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  look();
  return () => clearInterval(timer);
}
