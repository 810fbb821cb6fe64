import { readSigningKey } from '../policy/signing-key.ts';
import type { ResolveOptions } from './resolve.ts';
import type { Config } from './schema.ts';

/** Checks that each key of `policy.keys` is there and fits its algorithm, by the reader that it meets later (threats Y05). */
export function checkSigningKeys({ policy: { keys } }: Config, report: ResolveOptions['report']): void {
  for (const [kid, key] of Object.entries(keys)) {
    try {
      readSigningKey(key);
    } catch (error) {
      report(['policy', 'keys', kid], error instanceof Error ? error.message : String(error));
    }
  }
}
