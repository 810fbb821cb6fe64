import type { Bundle } from './bundle.ts';
import { BundleError } from './bundle-error.ts';
import { LOG_RULES } from './log-rules.ts';

/**
 * Refuses a bundle whose Rego has a rule about records that its module does not have: it would never be asked, and what it
 * masks would be written down (threats T07). A rule that is an entrypoint is not among the sources that `opa build` packs.
 * @throws BundleError `bundle_entrypoint_missing`
 */
export function requireLogRules({ entrypoints, sources }: Pick<Bundle, 'entrypoints' | 'sources'>): void {
  for (const [name, entrypoint] of LOG_RULES) {
    if (entrypoints.includes(entrypoint)) continue;
    const rule = new RegExp(String.raw`^(?:default\s+)?${name}(?![\w.])`, 'm');
    const found = sources.find(({ text }) => /^package\s+system\.log\s*(?:#.*)?$/m.test(text) && rule.test(text));
    if (found === undefined) continue;
    throw new BundleError(
      'bundle_entrypoint_missing',
      `${found.path} has the rule system.log.${name}, but the module does not: write "# METADATA" and "# entrypoint: true" above the rule, or have opa make it one with -e ${entrypoint}`,
    );
  }
}
