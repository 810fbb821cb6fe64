import type { Bundle } from './bundle.ts';
import type { Policy } from './policy.ts';

/**
 * What a bundle says about decision records, by OPA's own names. Each takes the record, as it would be written, and gives
 * what the rule says of it; undefined where that is undefined.
 * @see https://www.openpolicyagent.org/docs/management-decision-logs#masking-sensitive-data
 */
export interface LogRules {
  /** `data.system.log.mask`: what is taken out of a record, or replaced. @throws where it fails */
  readonly mask?: (record: object) => unknown;
  /** `data.system.log.drop`: true where a record is not uploaded. @throws where it fails */
  readonly drop?: (record: object) => unknown;
}

/** The entrypoints that a bundle may be built with besides the decision, `-e system/log/mask -e system/log/drop`. */
export const LOG_RULES = [
  ['mask', 'system/log/mask'],
  ['drop', 'system/log/drop'],
] as const;

/**
 * Compiles the rules about records that a bundle has. Each gets an instance of its own: one that traps takes no decision
 * with it.
 * @param compile makes a policy of the same bundle, under the same limits, for another entrypoint
 */
export async function compileLogRules(
  { entrypoints }: Pick<Bundle, 'entrypoints'>,
  compile: (entrypoint: string) => Promise<Policy>,
): Promise<LogRules> {
  const rules: { mask?: LogRules['mask']; drop?: LogRules['drop'] } = {};
  for (const [name, entrypoint] of LOG_RULES) {
    if (!entrypoints.includes(entrypoint)) continue;
    const policy = await compile(entrypoint);
    rules[name] = (record) => policy.evaluate(JSON.stringify(record));
  }
  return rules as LogRules;
}
