import { describe, expect, it } from 'vitest';
import type { Hop } from '../matrix/hop.ts';
import { protectedResource } from './protected-resource.ts';

const hop = (audience: string, over: object = {}) =>
  ({
    protocol: 'mcp',
    sender: 'peer',
    credential: { audience, issuer: 'https://idp.acme.example', scopes: ['tools:read'] },
    ...over,
  }) as unknown as Hop;

describe('the metadata of a protected resource', () => {
  it.each([
    ['https://mcp.acme.example/mcp', 'https://mcp.acme.example/.well-known/oauth-protected-resource/mcp'],
    ['https://mcp.acme.example', 'https://mcp.acme.example/.well-known/oauth-protected-resource'],
    ['https://mcp.acme.example/', 'https://mcp.acme.example/.well-known/oauth-protected-resource'],
    ['https://mcp.acme.example:8443/a/b', 'https://mcp.acme.example:8443/.well-known/oauth-protected-resource/a/b'],
  ])('of %s is at %s (RFC 9728 §3.1)', (audience, url) => {
    expect(protectedResource(hop(audience))?.url).toBe(url);
  });

  it('names the very audience, its authorization server and scopes (RFC 9728 §2)', () => {
    expect(protectedResource(hop('https://mcp.acme.example/mcp'))?.document).toEqual({
      resource: 'https://mcp.acme.example/mcp',
      authorization_servers: ['https://idp.acme.example'],
      scopes_supported: ['tools:read'],
      bearer_methods_supported: ['header'],
    });
  });

  it('says how tokens are bound', () => {
    const document = (sender: string) => protectedResource(hop('https://a.example/mcp', { sender }))?.document;
    expect(document('mtls')).toMatchObject({ tls_client_certificate_bound_access_tokens: true });
    expect(document('dpop')).toMatchObject({ dpop_bound_access_tokens_required: true });
  });

  it.each(['api://erp', 'http://mcp.acme.example/mcp', 'https://a.example/mcp?x', 'https://a.example/"', 'https://'])(
    'is not there for the audience %s, which is no URL that a client could find',
    (audience) => {
      expect(protectedResource(hop(audience))).toBeUndefined();
    },
  );

  it('is not there for rows of another protocol', () => {
    expect(protectedResource(hop('https://a.example/mcp', { protocol: 'http' }))).toBeUndefined();
  });
});
