/** Whether this process should be sent Checks, and why (not). Details are for operators: no secrets, no tokens. */
export interface ReadyReport {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

/** A report as text, one line per check in Kubernetes' manner: `[+]policy revision 3f2a`, `[-]keys none loaded`. */
export function readyText({ ready, checks }: ReadyReport, isVerbose: boolean): string {
  const verdict = ready ? 'ready\n' : 'not ready\n';
  if (!isVerbose) {
    return verdict;
  }
  return checks.map(({ name, ok, detail }) => `[${ok ? '+' : '-'}]${name} ${detail}\n`).join('') + verdict;
}
