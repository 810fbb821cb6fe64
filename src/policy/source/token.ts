import { readFileSync } from 'node:fs';
import { fileReason } from '../../config/problem.ts';

/**
 * Reads a bearer token by its reference, `file:PATH` or `env:NAME`.
 * @throws Error that names what is wrong, never the token
 */
export function readToken(reference: string): string {
  const [, kind, name = ''] = /^(env|file):(.*)$/s.exec(reference) ?? [];
  const token = (kind === 'env' ? fromEnvironment(name) : fromFile(name)).trim();
  // RFC 6750 §2.1. With a line break in it, fetch would say so and quote it.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('policy.token: it holds no token of visible ASCII characters');
  return token;
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`policy.token: the environment variable ${name} is not set`);
  return value;
}

function fromFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`policy.token: the file cannot be read: ${fileReason(cause)}`, { cause });
  }
}
