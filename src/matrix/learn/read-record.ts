import type { Observation } from './observation.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one line of decision records (docs/telemetry.md).
 * @returns undefined where it is none
 */
export function readRecord(line: string): Observation | undefined {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isFields(record) || !isFields(record['authz'])) return undefined;
  const { authz, input, requested_by: caller, timestamp } = record;
  if (typeof authz['outcome'] !== 'string') return undefined;
  const request = isFields(input) && isFields(input['request']) ? input['request'] : {};
  return {
    outcome: authz['outcome'],
    reason: text(authz['reason']) ?? '',
    hop: text(authz['hop']),
    method: text(request['method']) ?? '',
    host: text(request['host']) ?? '',
    path: text(request['path']) ?? '',
    caller: text(caller) ?? '',
    agent: text(authz['agent']),
    grant: text(authz['grant']),
    time: text(timestamp) ?? '',
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
