/** The units of gRPC over HTTP2, Timeout, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** @returns what `grpc-timeout` grants, in milliseconds; undefined where it is absent or not one */
export function grpcTimeout(header: string | readonly string[] | undefined): number | undefined {
  const [, amount, unit = ''] = (typeof header === 'string' && /^(\d{1,8})([HMSmun])$/.exec(header)) || [];
  const factor = UNITS[unit];
  return factor === undefined ? undefined : Number(amount) * factor;
}
