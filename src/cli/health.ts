import { type ChannelCredentials, Client, status as codes, credentials, type ServiceError } from '@grpc/grpc-js';
import { parseAddress } from '../address.ts';
import type { ReadyReport } from '../admin/admin.ts';
import { loadListen } from '../config/load.ts';
import { ConfigError } from '../config/problem.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { healthService } from '../wire.ts';
import { type CommonOptions, type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface HealthOptions extends CommonOptions {
  /** Asked instead of the config's `listen.check`. */
  readonly address?: string;
  /** Milliseconds. */
  readonly timeout: number;
}

const EXPLAIN_MS = 500;

type Status = 'SERVING' | 'NOT_SERVING' | 'UNREACHABLE';

/**
 * Asks the running process whether it decides Checks, as Envoy and Kubernetes do (`grpc.health.v1`).
 * @returns 0 where it serves, else 1
 */
export async function health(options: HealthOptions, terminal: Terminal): Promise<ExitCode> {
  const listen = options.address === undefined ? configured(options, terminal) : { check: options.address };
  const address = listen.check;
  const answer = await ask(dialable(address), {
    timeout: options.timeout,
    isTls: 'tls' in listen && listen.tls !== undefined,
  });
  const { status } = answer;
  const detail =
    status === 'NOT_SERVING' && 'admin' in listen ? await reasons(listen.admin, answer.detail) : answer.detail;
  if (options.json === true) terminal.out(jsonLine({ status, address, detail }));
  else if (status === 'SERVING') terminal.out(`SERVING ${address}\n`);
  else terminal.err(`behalf: ${status}: ${address}: ${detail}\n`);
  return status === 'SERVING' ? 0 : 1;
}

function configured(options: HealthOptions, terminal: Terminal): Config['listen'] {
  try {
    return loadListen({ path: options.config, env: terminal.env, set: options.set ?? [] });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // The process outlives a broken config file; asking where it listens by default may still find it.
    const listen = configSchema.shape.listen.parse({});
    terminal.err(`behalf: ${error.message.split('\n', 1)[0]}; asking ${listen.check}\n`);
    return listen;
  }
}

/** What `/readyz` says is missing; it is asked only to explain. */
async function reasons(admin: string, otherwise: string): Promise<string> {
  try {
    const response = await fetch(`http://${admin}/readyz`, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(EXPLAIN_MS),
    });
    const { checks } = (await response.json()) as ReadyReport;
    return checks.flatMap(({ name, ok, detail }) => (ok ? [] : [`${name}: ${detail}`])).join('; ');
  } catch {
    return otherwise;
  }
}

/** An address to listen on, as one to call: every interface becomes this machine. */
function dialable(address: string): string {
  const parsed = parseAddress(address);
  if (parsed?.kind !== 'tcp') return address;
  if (parsed.host === '0.0.0.0') return `127.0.0.1:${parsed.port}`;
  return parsed.host === '::' ? `[::1]:${parsed.port}` : address;
}

const NAMES: Readonly<Record<number, Status>> = { 1: 'SERVING', 2: 'NOT_SERVING' };

interface AskOptions {
  readonly timeout: number;
  readonly isTls: boolean;
}

function ask(address: string, { timeout, isTls }: AskOptions): Promise<{ status: Status; detail: string }> {
  const method = healthService['Check'];
  if (method === undefined) throw new TypeError('protos/ lack the health service');
  // A proxy from the environment must not stand between this process and its neighbour.
  const client = new Client(address, isTls ? unverified() : credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
  });
  const deadline = Date.now() + timeout;
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, answer?: unknown): void => {
      client.close();
      if (error !== null)
        resolve({ status: 'UNREACHABLE', detail: `${reasonOf(error)}; is behalf serve running there?` });
      else resolve(judge((answer as { readonly status?: number }).status ?? 0));
    };
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      { service: '' },
      { deadline },
      done,
    );
  });
}

/** Whether a process serves is no secret, and the question holds none: its certificate is Envoy's to verify. */
function unverified(): ChannelCredentials {
  return credentials.createSsl(null, null, null, { rejectUnauthorized: false });
}

function reasonOf({ code, details }: ServiceError): string {
  if (code === codes.UNAVAILABLE) return 'nobody answers there';
  return code === codes.DEADLINE_EXCEEDED ? 'no answer in time' : details;
}

function judge(code: number): { status: Status; detail: string } {
  const status = NAMES[code] ?? 'NOT_SERVING';
  const detail = status === 'SERVING' ? 'decides Checks' : 'cannot decide Checks now; /readyz on listen.admin says why';
  return { status, detail };
}
