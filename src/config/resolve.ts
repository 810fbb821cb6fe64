import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readKeys } from '../identity/jwks.ts';
import { StrictJsonError } from '../strict-json.ts';
import { parseAddress } from './address.ts';
import { fileReason, shownPath } from './problem.ts';
import type { Config } from './schema.ts';
import type { KeyPath } from './strict-yaml.ts';

export interface ResolveOptions {
  /** The config file: relative paths start at its folder. */
  readonly configPath: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told of each thing that is wrong. */
  readonly report: (keys: KeyPath, message: string) => void;
}

/** Makes the config's paths absolute. */
export function resolvePaths(config: Config, { configPath, report }: ResolveOptions): Config {
  const here = (path: string): string => resolve(dirname(configPath), path);
  const file = (target: string): string => absoluteAfter('file:', target, configPath);
  const check = absoluteSocket(config.listen.check, configPath);
  if (parseAddress(check) === undefined) {
    report(['listen', 'check'], 'the path of the socket is too long; use a shorter one');
  }
  return {
    ...config,
    listen: { ...config.listen, check },
    matrix: here(config.matrix),
    issuers: config.issuers.map((issuer) => ({
      ...issuer,
      jwks: 'file' in issuer.jwks ? { file: here(issuer.jwks.file) } : issuer.jwks,
    })),
    policy: { ...config.policy, bundle: here(config.policy.bundle) },
    provenance: {
      ...config.provenance,
      records: file(config.provenance.records),
      traces: file(config.provenance.traces),
    },
  };
}

/** The address with the path of a unix socket made absolute. */
export function absoluteSocket(address: string, configPath: string): string {
  return absoluteAfter('unix:', address, configPath);
}

function absoluteAfter(prefix: string, value: string, configPath: string): string {
  return value.startsWith(prefix) ? `${prefix}${resolve(dirname(configPath), value.slice(prefix.length))}` : value;
}

// RFC 2104 §3 wants keys as long as the hash; this is the floor below which a key can be guessed.
const MIN_KEY_CHARACTERS = 16;

/** Replaces the reference to the pseudonym key by the key. */
export function resolveSecrets(config: Config, { configPath, env, report }: ResolveOptions): Config {
  const reference = config.provenance.pseudonymKey;
  if (reference === undefined) return config;
  const refuse = (message: string): void => report(['provenance', 'pseudonymKey'], message);
  let key: string | undefined;
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length);
    key = env[name];
    if (key === undefined) refuse(`the environment variable ${name} is not set`);
  } else {
    const path = resolve(dirname(configPath), reference.slice('file:'.length));
    try {
      key = readFileSync(path, 'utf8').trimEnd();
    } catch (error) {
      refuse(`the file ${shownPath(path)} cannot be read: ${fileReason(error)}`);
    }
  }
  if (key !== undefined && key.length < MIN_KEY_CHARACTERS)
    refuse(`the key is shorter than ${MIN_KEY_CHARACTERS} characters`);
  const { pseudonymKey: _, ...rest } = config.provenance;
  return { ...config, provenance: key === undefined ? rest : { ...rest, pseudonymKey: key } };
}

/**
 * Checks that each key file is there and holds keys that we can use, by the judge that its keys meet later, so that a
 * half-written or emptied one changes nothing (threats Y05).
 */
export function checkKeyFiles(config: Config, report: ResolveOptions['report']): void {
  for (const [index, { jwks }] of config.issuers.entries()) {
    if (!('file' in jwks)) continue;
    const problem = keyFileProblem(jwks.file);
    if (problem !== undefined) report(['issuers', index, 'jwks', 'file'], problem);
  }
}

function keyFileProblem(path: string): string | undefined {
  const file = `the key file ${shownPath(path)}`;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return `${file} cannot be read: ${fileReason(error)}`;
  }
  try {
    readKeys(text);
    return undefined;
  } catch (error) {
    if (error instanceof StrictJsonError && error.fault === 'syntax') return `${file} is not valid JSON`;
    return `${file} is no key set that can be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}
