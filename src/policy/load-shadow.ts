import type { Logger } from '../log.ts';
import { BundleError } from './bundle.ts';
import { type BundleSettings, readTrust } from './bundle-settings.ts';
import type { Candidate, FailedCandidate } from './candidate.ts';
import { loadPolicy } from './load.ts';

export interface ShadowSettings extends Pick<BundleSettings, 'entrypoint' | 'budget' | 'keys' | 'scope'> {
  readonly shadow?: { readonly bundle: string; readonly sample: number } | undefined;
}

/**
 * Loads the policy that is asked beside the live one, where there is to be one. One that does not load is told of and
 * stops nothing: a draft must not be able to keep a good configuration from being used.
 */
export async function loadShadow(
  settings: ShadowSettings,
  { epoch, log }: { readonly epoch: number; readonly log: Logger },
): Promise<Candidate | FailedCandidate | undefined> {
  const { entrypoint, budget, shadow } = settings;
  if (shadow === undefined) return undefined;
  try {
    const policy = await loadPolicy({ path: shadow.bundle, entrypoint, budget, trust: readTrust(settings) });
    if (policy.bundle === undefined) throw new BundleError('bundle_unreadable', 'it is no bundle');
    const { revision, bundle } = policy;
    log.info({ shadow: revision, sample: shadow.sample }, 'a shadow policy is asked beside the live one');
    return { revision, entrypoint, budget: policy.budget, bundle, sample: shadow.sample, epoch };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    log.error({ error: failure }, 'the shadow policy does not load: the live one goes on without it');
    return { failure };
  }
}
