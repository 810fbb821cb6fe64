export type BundleErrorCode =
  | 'bundle_unreadable'
  | 'bundle_corrupt'
  | 'bundle_incomplete'
  | 'bundle_invalid'
  | 'bundle_unsigned'
  | 'bundle_signature_invalid'
  | 'bundle_scope'
  | 'bundle_downgrade'
  | 'bundle_builtin_missing'
  | 'bundle_entrypoint_missing';

/** A policy that cannot be loaded. The one already loaded stays in use. Exit code 3. docs/bundles.md has a line for each code. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly exitCode = 3;
  readonly code: BundleErrorCode;

  /** @param message what is wrong, where, and what to do next */
  constructor(code: BundleErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Does some work on a bundle, and has its failures begin with where that bundle came from.
 * @throws BundleError
 */
export async function namingBundle<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw new BundleError(error.code, `policy bundle ${name}: ${error.message}`, { cause: error.cause });
  }
}
