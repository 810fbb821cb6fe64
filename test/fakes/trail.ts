import type { Identity } from '../../src/identity/identity.ts';
import type { RoutedHop } from '../../src/matrix/hop.ts';
import { asked as askedOf } from '../../src/policy/asked.ts';
import { policyInput } from '../../src/policy/input.ts';
import type { Trail } from '../../src/provenance/trail.ts';

/** Stands where nothing of it may ever reach telemetry: a token, a claim, a header, a query, a body (threats T07). */
export const CANARY = 'canary-5f1d';

const SPIFFE = 'spiffe://prod.acme.example/ns/agents/sa/';
const PEER = { id: `${SPIFFE}procurement`, trustDomain: 'prod.acme.example', thumbprint: undefined };

/** An early Check: received, and nothing more is known. */
export function bareTrail(known: Partial<Trail> = {}): Trail {
  return {
    decisionId: '9a3d4b57-8ac6-4a2b-8c4d-000000000001',
    receivedAt: Date.UTC(2026, 10, 22, 12, 0, 0, 999),
    started: 5000,
    callerTrace: {},
    answered: 5002.5,
    ...known,
  };
}

/** A Check that went all the way. */
export function fullTrail(known: Partial<Trail> = {}): Trail {
  const { asked, ...trail } = allButAsked(known);
  const { input, routed, identity: who, grant, receivedAt: now } = trail;
  if (input === undefined || routed === undefined || who === undefined || 'asked' in known)
    return { ...trail, ...known };
  // Policy is asked of what the Check found, whatever a test put there.
  const question = asked ?? askedOf(policyInput({ input, routed, identity: who, grant, now, call: routed.mcp?.[0] }));
  return { ...trail, asked: question };
}

function allButAsked(known: Partial<Trail>): Trail {
  return bareTrail({
    epoch: 3,
    matrixRevision: 'aabbccddeeff',
    policyRevision: '3f2a9bc01d22',
    entrypoint: 'behalf/authz/decision',
    input: {
      protocol: 'http',
      namedHop: 'erp.invoices.read',
      requestId: 'b1946ac9-2492-4d23-8d1d-0a0a0a0a0a0a',
      method: 'GET',
      host: 'erp.acme.example',
      path: '/v1/regions/eu/invoices/inv-7',
      segments: ['v1', 'regions', 'eu', 'invoices', 'inv-7'],
      rawQuery: `q=${CANARY}`,
      query: { q: [CANARY] },
      headers: { authorization: `Bearer ${CANARY}`, cookie: CANARY, 'x-any': CANARY },
      isGrpc: false,
      peer: { principal: `${SPIFFE}procurement`, certificate: CANARY },
      body: () => ({ state: 'ok', json: { secret: CANARY } }),
      mcp: () => [],
      destination: undefined,
      sni: undefined,
    },
    routed: {
      hop: {
        id: 'erp.invoices.read',
        protocol: 'http',
        boundary: 'agents -> erp',
        delegation: {
          action: 'invoices.read',
          context: { region: { from: 'path', name: 'region' }, purpose: { from: 'header', name: 'x-any' } },
        },
        credential: { audience: 'https://erp.acme.example', scopes: ['invoices:read'] },
      },
      params: { region: 'eu', invoice: 'inv-7' },
    } as unknown as RoutedHop,
    peer: PEER,
    identity: identity('anna@acme.example'),
    subjectLabel: 'pseudonym',
    grant: {
      id: 'grant-7',
      task: 'task-7',
      actions: ['invoices.read'],
      target: 'https://erp.acme.example',
      context: { region: 'eu', purpose: CANARY },
      expiresAt: 1,
    },
    outcome: {
      allow: true,
      reasons: [{ code: 'granted', message: 'the grant covers this action' }],
      headers: { 'x-any': CANARY },
      metadata: { any: CANARY },
    },
    identifyTook: [5000.25, 5000.5],
    decideTook: [5001, 5001.5],
    ...known,
  });
}

export function identity(subject: string): Identity {
  return {
    peer: PEER,
    subject: { id: subject, issuer: 'https://idp.acme.example', claims: { email: CANARY } },
    actor: { id: `${SPIFFE}procurement`, agent: 'procurement', issuer: 'https://idp.acme.example' },
    chain: [{ id: `${SPIFFE}support`, issuer: 'https://idp.acme.example' }],
    agents: ['procurement'],
    token: {
      issuer: 'https://idp.acme.example',
      type: 'at+jwt',
      audience: ['https://erp.acme.example'],
      scopes: ['invoices:read'],
      expiresAt: 1,
      issuedAt: 0,
      id: CANARY,
      keyId: CANARY,
      authorizationDetails: [{ any: CANARY }],
    },
    once: [],
  };
}
