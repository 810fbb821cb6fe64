import type { Verdict } from '../verdict.ts';

/** One record, as a replay needs it. */
export interface Decision {
  readonly id: string;
  readonly hop: string;
  readonly agent: string;
  /** `policy`: policy was asked. `earlier`: the Check was refused before. */
  readonly reached: 'policy' | 'earlier';
  /** The policy revision that decided. */
  readonly revision: string | undefined;
  readonly entrypoint: string | undefined;
  readonly input: Fields | undefined;
  /** JSON pointers of what is not as policy saw it. */
  readonly unknown: readonly string[];
  /** What policy said then; `reasons` is undefined where it was erased. */
  readonly said: Omit<Verdict, 'reasons'> & { readonly reasons: readonly string[] | undefined };
}

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one line of decision records (docs/telemetry.md).
 * @returns undefined where it is none
 */
export function readDecision(line: string): Decision | undefined {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { authz, input, result, bundles, path, decision_id: id } = fields(record);
  const { hop, agent, policy, reason, outcome } = fields(authz);
  if (typeof id !== 'string' || typeof outcome !== 'string') return undefined;
  const { erased, masked } = fields(record);
  return {
    id,
    hop: named(hop) ?? 'unknown',
    agent: named(agent) ?? 'none',
    reached: policy === undefined ? 'earlier' : 'policy',
    revision: named(fields(fields(bundles)['authz'])['revision']),
    entrypoint: text(path),
    input: isFields(input) ? input : undefined,
    unknown: [...texts(erased), ...texts(masked)],
    said: {
      allow: policy === 'allow',
      code: policy === 'allow' ? 'allowed' : (named(reason) ?? ''),
      isFault: policy === 'error',
      reasons: reasonsOf(fields(result)['reasons']),
      extras: undefined,
    },
  };
}

function reasonsOf(reasons: unknown): readonly string[] | undefined {
  if (!Array.isArray(reasons)) return undefined;
  return [...new Set(texts(reasons.map((reason) => named(fields(reason)['code']))))].sort();
}

/** What is shown of a record must not be able to steer a terminal. */
function named(value: unknown): string | undefined {
  return text(value)?.replaceAll(/\p{C}/gu, '?');
}

function fields(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
