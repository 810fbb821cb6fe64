import { setImmediate } from 'node:timers/promises';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type CheckParts, check, STEPS } from './check.ts';
import { createDpopRules } from './identity/dpop-rules.ts';
import { createIssuers } from './identity/issuers.ts';
import type { Logger } from './log.ts';
import type { Hop, Matrix } from './matrix/hop.ts';
import { parsePathTemplate } from './matrix/path-template.ts';
import { BundleError } from './policy/bundle.ts';
import type { Policy } from './policy/policy.ts';
import type { Trail } from './provenance/trail.ts';
import { Refusal } from './refusals.ts';
import { openStore } from './store/open-store.ts';
import { decodeCheckResponse, encodeCheckRequest } from './wire.ts';

/** A workload of nobody, valid on one day long past; its private key was never kept. */
const CERTIFICATE = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBxzCCAWygAwIBAgIQQJUUKhN3l0rB+mcvss5HEzAKBggqhkjOPQQDAjAVMRMw',
  'EQYDVQQDDApTZWxmIGNoZWNrMB4XDTI2MDEwMTAwMDAwMFoXDTI2MDEwMjAwMDAw',
  'MFowADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABF0PD6130JP0DxvV5z/Fx82y',
  '+MCNd6sHdLpEyjd8QZ+q7CP8U34G7n1X5b2y8drXPuurtus5QZdDawrZvOgHkvuj',
  'gbIwga8wDAYDVR0TAQH/BAIwADAdBgNVHQ4EFgQUzjoFZXltwWWB2dDrK+x9OIfp',
  'YsYwDgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcD',
  'AjAwBgNVHREBAf8EJjAkhiJzcGlmZmU6Ly9zZWxmLWNoZWNrLmludmFsaWQvYmVo',
  'YWxmMB8GA1UdIwQYMBaAFE3Q24Ft5ObQrYu60bAl64p1gxc4MAoGCCqGSM49BAMC',
  'A0kAMEYCIQC18WWsPYV9ji+/jVxwBWmUiooZM0NyNXfQRuG6qrZPKQIhAPgWrPT8',
  'MFzuxldwO89u9KbyMpitiw198C736oCXBFgm',
  '-----END CERTIFICATE-----',
].join('\n');

const DAY = Date.UTC(2026, 0, 1, 12);
const TRUST_DOMAIN = 'self-check.invalid';
const AGENT = { name: 'self-check', spiffeId: `spiffe://${TRUST_DOMAIN}/behalf`, clientIds: {} };
const ISSUER = `https://${TRUST_DOMAIN}`;
const ROUNDS = 40;

/**
 * Puts synthetic Checks through the whole path before the first real one: certificate, signature, grant, the live
 * policy, the encoder. It proves that this process can decide (threats Y11), and it is what makes the first real Check
 * as fast as the next, where compiling everything on first use would come near Envoy's timeout (threats E03). Its
 * identities exist in no real configuration, and it leaves no record.
 * @throws BundleError where the policy cannot be evaluated; Error where a Check that must be allowed is not, or one that
 *   must be denied is allowed
 */
export async function selfCheck(policy: Policy, log: Logger): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'self-check' }] });
  const issuers = createIssuers(
    [{ issuer: ISSUER, jwks: { uri: ISSUER }, algorithms: ['ES256'], tokenTypes: ['at+jwt'], clockSkew: 0 }],
    { log: log.child({}, { level: 'silent' }), fetch: () => Promise.resolve({ text: jwks }) },
  );
  const snapshot = {
    epoch: 0,
    matrix: matrix(),
    peer: { trustDomains: new Set([TRUST_DOMAIN]), xfcc: undefined, bundles: new Map(), jwtBundles: new Map() },
    issuers,
    dpop: createDpopRules({}),
    policy: agreeing(policy),
    denialDetail: 'class' as const,
  };
  const parts: CheckParts = {
    snapshot: () => snapshot,
    // It holds nothing, and the row asks it for nothing but revocations.
    store: openStore('memory:', { log }),
    subjectLabel: () => 'self-check',
    maxMessageBytes: 65_536,
    steps: STEPS,
  };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      // Every other round brings a new token, so that verifying and remembering are both tried.
      const token = await mint(privateKey, round >> 1);
      await expectReason('allowed', request(token, 'eu'), parts);
      await expectReason('grant_scope', request(token, 'us'), parts);
      // On a reload, real Checks are waiting.
      await setImmediate();
    }
    await expectReason(
      'token_signature_invalid',
      request(`${(await mint(privateKey, -1)).slice(0, -8)}AAAAAAAA`, 'eu'),
      parts,
    );
  } finally {
    issuers.close();
  }
}

async function expectReason(reason: string, message: Buffer, parts: CheckParts): Promise<void> {
  const trail: Trail = { decisionId: 'self-check', receivedAt: DAY, started: performance.now(), callerTrace: {} };
  const answer = decodeCheckResponse(await check(message, trail, parts));
  const failure = trail.refusal?.cause;
  if (failure instanceof BundleError) throw failure;
  const said = answer.dynamic_metadata?.fields?.['reason']?.stringValue;
  if (said !== reason) throw new Error(`the self-check expected ${reason} and got ${said ?? 'no reason'}`);
}

/**
 * The live policy is asked, so that it is compiled. What it says of a row that it does not know does not matter, but it
 * must be able to say something: one that cannot be evaluated would deny everything.
 */
function agreeing(policy: Policy): Policy {
  return {
    revision: policy.revision,
    entrypoint: policy.entrypoint,
    budget: policy.budget,
    get lastTicks() {
      return policy.lastTicks;
    },
    evaluate: (input) => {
      try {
        policy.evaluate(input);
      } catch (cause) {
        const why = cause instanceof Refusal ? cause.message : String(cause);
        throw new BundleError('bundle_invalid', `the policy fails on a row that it does not know (${why})`, { cause });
      }
      return { allow: true, reasons: [] };
    },
  };
}

function matrix(): Matrix {
  const row = hop();
  return {
    revision: 'self-check',
    trustDomain: TRUST_DOMAIN,
    trustDomains: new Set([TRUST_DOMAIN]),
    routing: 'explicit',
    agents: [AGENT],
    hops: new Map([[row.id, row]]),
  };
}

function hop(): Hop {
  const authority = { name: 'self-check', kind: 'oidc', issuer: ISSUER, owner: 'behalf', grants: true } as const;
  return {
    id: 'self-check',
    description: 'No request of any client can match this row',
    protocol: 'http',
    boundary: 'self-check',
    match: {
      hosts: [TRUST_DOMAIN],
      methods: ['GET'],
      path: parsePathTemplate('/{region}'),
      mcp: undefined,
      topic: undefined,
      destination: undefined,
      sni: undefined,
    },
    agents: [AGENT],
    credential: {
      type: 'access-token',
      authority,
      issuer: ISSUER,
      audience: ISSUER,
      scopes: ['self:check'],
      maxLifetime: 60,
    },
    sender: 'peer',
    peer: { from: 'connection' },
    delegation: {
      mode: 'required',
      grant: 'token',
      action: 'self.check',
      context: { region: { from: 'path', name: 'region' } },
      recheck: false,
      approval: undefined,
    },
    revocation: undefined,
    onFailure: 'deny',
    rollout: { mode: 'enforce' },
    stream: undefined,
    exceptions: [],
  };
}

function mint(key: Parameters<SignJWT['sign']>[0], serial: number): Promise<string> {
  const now = DAY / 1000;
  const grant = {
    type: 'behalf_grant',
    id: 'self-check',
    task: 'self-check',
    actions: ['self.check'],
    target: ISSUER,
    context: { region: 'eu' },
    expires_at: now + 60,
  };
  return new SignJWT({
    iss: ISSUER,
    sub: 'nobody',
    aud: ISSUER,
    iat: now,
    exp: now + 60,
    jti: String(serial),
    scope: 'self:check',
    act: { sub: AGENT.spiffeId },
    authorization_details: [grant],
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'self-check' })
    .sign(key);
}

function request(token: string, region: string): Buffer {
  const pairs = { ':path': `/${region}`, authorization: `Bearer ${token}`, 'user-agent': 'self-check' };
  const raw = Object.entries(pairs).map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  return encodeCheckRequest({
    attributes: {
      source: { principal: AGENT.spiffeId, certificate: encodeURIComponent(CERTIFICATE) },
      request: { http: { method: 'GET', host: TRUST_DOMAIN, path: `/${region}`, header_map: { headers: raw } } },
      context_extensions: { 'behalf.hop': 'self-check' },
    },
  });
}
