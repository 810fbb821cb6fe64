/** The suite and the fixtures that `policy init` begins with. */

export const SUITE = `# yaml-language-server: $schema=./schema/policy-suite.schema.json
suite: documents
now: 2026-12-01T09:00:00Z
agents: { assistant: {}, stranger: {} }
people: { alice@acme.example: {} }
actions:
  documents.read: {}
  documents.share: { method: POST, body: { document: d-1, with: bob@acme.example } }
  documents.delete: { method: DELETE }
grants:
  fitting: {}
  approved: { approval: { approver: carol@acme.example } }
tests:
  - name: an agent does what is named for it, and nothing else
    default: { outcome: deny, reasons: [action_not_permitted] }
    expect:
      - { agents: assistant, actions: documents.read, outcome: allow, reasons: [action_permitted] }
      - { agents: assistant, actions: documents.share, grants: approved, outcome: allow, reasons: [action_permitted] }
      - { agents: assistant, actions: documents.share, grants: fitting, outcome: approval, reasons: [approval_missing] }
`;

/** Each is a whole input, as a Check makes it. */
export const FIXTURES: Readonly<Record<string, string>> = {
  'read.yaml': fixture('documents.read', 'GET', 'state: absent, json: null'),
  'share.yaml': fixture('documents.share', 'POST', 'state: ok, json: { document: d-1, with: bob@acme.example }'),
  'delete.yaml': fixture('documents.delete', 'DELETE', 'state: absent, json: null'),
};

function fixture(action: string, method: string, body: string): string {
  return `# yaml-language-server: $schema=../schema/policy-input.schema.json
version: 1
hop:
  id: ${action}
  protocol: http
  boundary: agents -> documents
  action: ${action}
  audience: https://documents.acme.example
  scopes: []
peer: { id: spiffe://prod.acme.example/ns/agents/sa/assistant, trustDomain: prod.acme.example }
subject: { id: alice@acme.example, issuer: https://idp.acme.example, claims: {} }
actor: { id: spiffe://prod.acme.example/ns/agents/sa/assistant, agent: assistant, issuer: https://idp.acme.example }
chain: []
token:
  issuer: https://idp.acme.example
  audience: [https://documents.acme.example]
  scopes: []
  expiresAt: 1796115900
  type: at+jwt
grant:
  id: grant-1
  task: task-1
  actions: [${action}]
  target: https://documents.acme.example
  context: {}
  expiresAt: 1796119200
request:
  protocol: http
  method: ${method}
  host: documents.acme.example
  path: /v1/documents/d-1
  segments: [v1, documents, d-1]
  params: { document: d-1 }
  query: {}
  headers: { accept: application/json }
  body: { ${body} }
mcp: null
time: 1796115600
`;
}
