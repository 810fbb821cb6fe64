/** What `policy check` finds. Errors fail it, warnings do not. */
export interface Finding {
  /** `file:line:col`, as the author would type it; the file or folder where there is no line. */
  readonly where: string;
  readonly severity: 'error' | 'warning';
  /** Its name in docs/policy-check.md. */
  readonly rule: string;
  /** What is wrong, and what to do. */
  readonly message: string;
}
