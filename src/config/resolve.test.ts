import { describe, expect, it } from 'vitest';
import { resolvePaths, resolveSecrets } from './resolve.ts';
import { configSchema } from './schema.ts';

const SECRET = 'a secret of many characters';
const introspection = { uri: 'https://idp.acme.example/introspect', clientId: 'behalf', clientSecret: 'env:CLIENT' };
const issuer = (name: string, over: object = {}) => ({
  issuer: `https://${name}.acme.example`,
  jwks: { uri: `https://${name}.acme.example/jwks` },
  ...over,
});
const configOf = (...issuers: object[]) =>
  configSchema.parse({ policy: { bundle: './b.tar.gz' }, dpop: { nonceKey: 'env:NONCE' }, issuers });

function resolved(env: Record<string, string>) {
  const problems: string[] = [];
  const report = (keys: readonly unknown[], message: string) => void problems.push(`${keys.join('.')}: ${message}`);
  const config = configOf(issuer('other'), issuer('idp', { introspection }));
  return { config: resolveSecrets(config, { configPath: '/etc/behalf.yaml', env, report }), problems };
}

describe('the secrets of issuers and of DPoP', () => {
  it('take the place of their references', () => {
    const { config, problems } = resolved({ CLIENT: SECRET, NONCE: SECRET });
    expect(problems).toEqual([]);
    expect(config.dpop.nonceKey).toBe(SECRET);
    expect(config.issuers[1]?.introspection).toEqual({ ...introspection, clientSecret: SECRET });
    expect(config.issuers[0]).not.toHaveProperty('introspection');
  });

  it('are reported where they cannot be had, and the reference is never used as a secret', () => {
    const { config, problems } = resolved({ NONCE: 'short' });
    expect(problems).toEqual([
      'dpop.nonceKey: the key is shorter than 16 characters',
      'issuers.1.introspection.clientSecret: the environment variable CLIENT is not set',
    ]);
    expect(config.issuers[1]).not.toHaveProperty('introspection');
    expect(JSON.stringify(config)).not.toContain('env:');
    expect(resolved({ NONCE: SECRET, CLIENT: '' }).problems).toEqual([
      'issuers.1.introspection.clientSecret: the secret is empty',
    ]);
  });
});

describe('introspection', () => {
  it('may be of one issuer alone: shown to another, an opaque token would be given away', () => {
    const problems: string[] = [];
    const report = (_: unknown, message: string) => void problems.push(message);
    const options = { configPath: '/etc/behalf.yaml', env: {}, report };
    resolvePaths(configOf(issuer('a', { introspection })), options);
    expect(problems).toEqual([]);
    resolvePaths(configOf(issuer('a', { introspection }), issuer('b', { introspection })), options);
    expect(problems).toEqual(['only one issuer may have introspection: an opaque token does not say whose it is']);
  });
});
