import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseAddress } from '../address.ts';
import { readKeys } from '../identity/jwks.ts';
import { readTlsFiles } from '../server/tls-files.ts';
import { StrictJsonError } from '../strict-json.ts';
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
  const files = (targets: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, file(target)]));
  const { tls } = config.listen;
  const check = absoluteSocket(config.listen.check, configPath);
  if (parseAddress(check) === undefined) {
    report(['listen', 'check'], 'the path of the socket is too long; use a shorter one');
  }
  if (config.issuers.filter(({ introspection }) => introspection !== undefined).length > 1) {
    // Asked of the wrong issuer, an opaque token would be given away.
    report(['issuers'], 'only one issuer may have introspection: an opaque token does not say whose it is');
  }
  return {
    ...config,
    listen: {
      ...config.listen,
      check,
      tls: tls && { ...tls, cert: file(tls.cert), key: file(tls.key), clientCa: file(tls.clientCa) },
    },
    peer: { ...config.peer, trustBundles: files(config.peer.trustBundles), jwtBundles: files(config.peer.jwtBundles) },
    matrix: here(config.matrix),
    issuers: config.issuers.map((issuer) => ({
      ...issuer,
      jwks: 'file' in issuer.jwks ? { file: here(issuer.jwks.file) } : issuer.jwks,
    })),
    policy: policyPaths(config.policy, { here, file }),
    store: absoluteAfter('sqlite:', config.store, configPath),
    provenance: {
      ...config.provenance,
      records: file(config.provenance.records),
      traces: file(config.provenance.traces),
    },
  };
}

type Locate = (path: string) => string;

function policyPaths(policy: Config['policy'], { here, file }: { here: Locate; file: Locate }): Config['policy'] {
  const { bundle, keys, persist, token, shadow } = policy;
  return {
    ...policy,
    bundle: /^https?:/i.test(bundle) ? bundle : here(bundle),
    keys: Object.fromEntries(Object.entries(keys).map(([kid, key]) => [kid, { ...key, file: here(key.file) }])),
    persist: persist && here(persist),
    token: token && file(token),
    shadow: shadow && { ...shadow, bundle: here(shadow.bundle) },
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

/** Replaces each reference to a secret by the secret; what cannot be had is reported, and left out. */
export function resolveSecrets(config: Config, options: ResolveOptions): Config {
  const { pseudonymKey: pseudonymRef, upload: uploadRefs, ...provenance } = config.provenance;
  const { nonceKey: nonceRef, ...dpop } = config.dpop;
  const pseudonymKey = readSecret(pseudonymRef, ['provenance', 'pseudonymKey'], MIN_KEY_CHARACTERS, options);
  const nonceKey = readSecret(nonceRef, ['dpop', 'nonceKey'], MIN_KEY_CHARACTERS, options);
  const upload = uploadRefs && resolveUpload(uploadRefs, options);
  const issuers = config.issuers.map(({ introspection, ...issuer }, index) => {
    const keys = ['issuers', index, 'introspection', 'clientSecret'];
    const clientSecret = readSecret(introspection?.clientSecret, keys, 1, options);
    if (introspection === undefined || clientSecret === undefined) return issuer;
    return { ...issuer, introspection: { ...introspection, clientSecret } };
  });
  // Read anew for each request; here it must only be there.
  readSecret(config.policy.token, ['policy', 'token'], 1, options);
  return {
    ...config,
    issuers,
    provenance: { ...provenance, ...(pseudonymKey !== undefined && { pseudonymKey }), ...(upload && { upload }) },
    dpop: nonceKey === undefined ? dpop : { ...dpop, nonceKey },
  };
}

type Upload = NonNullable<Config['provenance']['upload']>;

function resolveUpload({ token: tokenRef, headers, ...upload }: Upload, options: ResolveOptions): Upload {
  const keys = ['provenance', 'upload'];
  const token = readSecret(tokenRef, [...keys, 'token'], 1, options);
  const named = Object.entries(headers).map(([name, reference]) => [
    name,
    readSecret(reference, [...keys, 'headers', name], 1, options) ?? '',
  ]);
  const read = { ...upload, headers: Object.fromEntries(named) as Record<string, string> };
  return token === undefined ? read : { ...read, token };
}

function readSecret(
  reference: string | undefined,
  keys: KeyPath,
  minLength: number,
  { configPath, env, report }: ResolveOptions,
): string | undefined {
  if (reference === undefined) return undefined;
  let secret: string | undefined;
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length);
    secret = env[name];
    if (secret === undefined) report(keys, `the environment variable ${name} is not set`);
  } else {
    const path = resolve(dirname(configPath), reference.slice('file:'.length));
    try {
      secret = readFileSync(path, 'utf8').trimEnd();
    } catch (error) {
      report(keys, `the file ${shownPath(path)} cannot be read: ${fileReason(error)}`);
    }
  }
  if (secret !== undefined && secret.length < minLength) {
    report(keys, minLength === 1 ? 'the secret is empty' : `the key is shorter than ${minLength} characters`);
  }
  return secret;
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

/** Checks that the files of `listen.check.tls` are there and fit each other. */
export function checkTlsFiles({ listen: { tls } }: Config, report: ResolveOptions['report']): void {
  if (tls === undefined) return;
  try {
    readTlsFiles(tls);
  } catch (error) {
    report(['listen', 'check', 'tls'], error instanceof Error ? error.message : String(error));
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
