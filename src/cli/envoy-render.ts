import { writeFileSync } from 'node:fs';
import { loadConfig } from '../config/load.ts';
import { ConfigError, fileReason, shownPath } from '../config/problem.ts';
import { RENDER_DEFAULTS, type RenderOptions } from '../envoy/options.ts';
import { renderEnvoy } from '../envoy/render.ts';
import { loadMatrix } from '../matrix/compile.ts';
import type { Matrix } from '../matrix/hop.ts';
import { type CommonOptions, type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface EnvoyRenderOptions extends CommonOptions {
  readonly matrix?: string;
  readonly out?: string;
  readonly only?: 'routes';
  readonly check?: string;
  readonly listen: string;
  readonly listenTcp: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly upstreamCa: string;
  readonly upstream?: readonly string[];
  readonly body?: readonly string[];
}

/**
 * Writes the Envoy bootstrap of a matrix: YAML, or JSON with `--json`. A file is written whole or not at all.
 * @throws ConfigError
 */
export async function envoyRender(options: EnvoyRenderOptions, terminal: Terminal): Promise<ExitCode> {
  const { matrix, check } = load(options, terminal);
  const { config, yaml } = renderEnvoy(matrix, renderOptions(options, check, matrix), options.only);
  const text = options.json ? jsonLine(config) : yaml;
  if (options.out === undefined) terminal.out(text);
  else write(options.out, text);
  return 0;
}

/** The matrix named outright, or the one that behalf.yaml names; the latter also says where Behalf listens. */
function load(options: EnvoyRenderOptions, { env }: Terminal): { readonly matrix: Matrix; readonly check: string } {
  if (options.matrix !== undefined) {
    return { matrix: loadMatrix(options.matrix), check: options.check ?? RENDER_DEFAULTS.check };
  }
  const { config } = loadConfig({ path: options.config, env, set: options.set ?? [], secrets: 'warn' });
  return { matrix: loadMatrix(config.matrix), check: options.check ?? config.listen.check };
}

function renderOptions(options: EnvoyRenderOptions, check: string, matrix: Matrix): RenderOptions {
  const upstreams = pairs(options.upstream, '--upstream', 'HOST=ADDRESS:PORT');
  const hosts = [...matrix.hops.values()].flatMap(({ id, protocol, match }) =>
    protocol === 'tcp' ? [id] : match.hosts,
  );
  requireKnown(upstreams, '--upstream', hosts, 'is neither a host of the matrix nor a tcp row');
  const bodies = pairs(options.body, '--body', 'ROW=BYTES');
  requireKnown(bodies, '--body', [...matrix.hops.keys()], 'is no row of the matrix');
  const { listen, listenTcp, upstreamCa, cert, key, ca } = options;
  return {
    ...RENDER_DEFAULTS,
    check,
    listen,
    listenTcp,
    upstreamCa,
    upstreams,
    tls: { cert, key, ca },
    bodies: new Map([...bodies].map(([row, text]) => [row, bytes(row, text)])),
  };
}

function pairs(texts: readonly string[] = [], flag: string, form: string): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text): [string, string] => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new ConfigError([{ where: flag, message: `"${text}" must be ${form}` }]);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

/** A misspelt name would change nothing, in silence. */
function requireKnown(given: ReadonlyMap<string, string>, where: string, known: readonly string[], what: string): void {
  const unknown = [...given.keys()].filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new ConfigError(unknown.map((name) => ({ where, message: `"${name}" ${what}` })));
}

function bytes(row: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ConfigError([{ where: '--body', message: `${row}: "${text}" must be a whole number of bytes above 0` }]);
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    const message = `cannot be written: ${fileReason(error)}`;
    throw new ConfigError([{ where: shownPath(path), message }], { cause: error });
  }
}
