import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { freePort } from '../../demo/free-port.ts';
import type { GrantStage } from './grants.ts';
import { lastWords, type ServerProcess, startServer } from './server-process.ts';

/** A running Behalf with records and traces on, and its own account of what it did. */
export interface Behalf extends ServerProcess {
  readonly address: string;
  counts(): Promise<Counts>;
}

/** From `/metrics`, since the start. */
export interface Counts {
  readonly allowed: number;
  readonly denied: number;
  /** How often each refusal was the answer. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Records and spans that were made and lost. */
  readonly dropped: number;
  /** Checks that the shadow policy was asked about, and those of the sample that it was too busy for. */
  readonly shadowed: number;
  readonly shadowsDropped: number;
  /** Records that were not uploaded. */
  readonly uploadsDropped: number;
}

export interface BehalfOptions {
  readonly folder: string;
  readonly core: number;
  readonly jwksFile: string;
  readonly grants: GrantStage;
  /** `provenance.traces`: `file:PATH` or `otlp`. */
  readonly traces: string;
  /** Other members of `policy` and `provenance` of its behalf.yaml. */
  readonly policy?: object;
  readonly provenance?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** For node itself, before the program. */
  readonly nodeFlags?: readonly string[];
}

const READY_WITHIN_MS = 20_000;
const root = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Starts `behalf serve` with the demo's matrix and policy, and waits until it is ready.
 * @throws with what it said, when it did not start
 */
export async function startBehalf(options: BehalfOptions): Promise<Behalf> {
  const { folder, core, env = {}, nodeFlags = [] } = options;
  const [check, admin] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const config = join(folder, 'behalf.yaml');
  const logFile = join(folder, 'behalf.log');
  writeFileSync(config, stringify(configOf(options, { check, admin })));
  const command = [process.execPath, ...nodeFlags, root('bin/behalf.js'), 'serve', '--config', config];
  const server = startServer(command, { core, logFile, env });
  const ready = async (): Promise<boolean> =>
    (await fetch(`http://${admin}/readyz`).catch(() => undefined))?.ok ?? false;
  for (const end = performance.now() + READY_WITHIN_MS; !(await ready()); await sleep(30)) {
    if (server.isRunning() && performance.now() < end) continue;
    await server.stop();
    throw new Error(`Behalf did not start. It said:\n${lastWords(logFile)}`);
  }
  return { ...server, address: check, counts: () => countsOf(admin) };
}

function configOf(
  { folder, jwksFile, traces, grants, policy, provenance }: BehalfOptions,
  listen: { check: string; admin: string },
): object {
  return {
    listen,
    ...grants,
    issuers: [
      { issuer: 'https://idp.acme.example', jwks: { file: jwksFile }, algorithms: ['ES256'], tokenTypes: ['at+jwt'] },
    ],
    policy: { bundle: root('policies/bundle.tar.gz'), ...policy },
    provenance: { records: `file:${join(folder, 'records.ndjson')}`, traces, ...provenance },
  };
}

async function countsOf(admin: string): Promise<Counts> {
  const text = await (await fetch(`http://${admin}/metrics`)).text();
  const sum = (pattern: RegExp): number =>
    text.split('\n').reduce((total, line) => total + Number(pattern.exec(line)?.[1] ?? 0), 0);
  return {
    allowed: sum(/^behalf_check_total\{[^}]*outcome="allow"[^}]*\} (\d+)/),
    denied: sum(/^behalf_check_total\{[^}]*outcome="deny"[^}]*\} (\d+)/),
    refusals: refusalsIn(text),
    shadowed: sum(/^behalf_shadow_total\{[^}]*\} (\d+)/),
    shadowsDropped: sum(/^behalf_shadow_dropped_total(?:\{\})? (\d+)/),
    uploadsDropped: sum(/^behalf_records_upload_dropped_total(?:\{\})? (\d+)/),
    dropped: sum(/^behalf_(?:records|spans)_dropped_total(?:\{\})? (\d+)/),
  };
}

function refusalsIn(text: string): Record<string, number> {
  const refusals: Record<string, number> = {};
  const counts = text.matchAll(/^behalf_check_total\{[^}]*outcome="deny",reason="(\w+)"[^}]*\} (\d+)/gm);
  for (const [, reason = '', count] of counts) refusals[reason] = (refusals[reason] ?? 0) + Number(count);
  return refusals;
}
