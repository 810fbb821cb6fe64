/** The rules of `matrix lint`, and what each wants. docs/matrix.md lists the same; lint-matrix.test.ts keeps them equal. */
export const LINT_RULES = {
  'approval-unbound': 'An approval binds fields of the body, so that what was approved is what is done.',
  'audience-reused': 'An audience is of one boundary, and of one host.',
  'credential-shared': 'One credential does not open doors across different boundaries.',
  'degrade-not-narrower': 'The row that a fault degrades to asks for less, of fewer, bound as tightly.',
  'exception-expired': 'No exception has run out: its row denies.',
  'exception-expiring': 'No exception runs out within 30 days.',
  'exception-unused': 'An exception excuses something.',
  'lifetime-too-long':
    'Transaction tokens live 5 minutes at most, message claims a day, others an hour; no stream longer.',
  'mcp-no-tools': 'A row that lets tools be called names them.',
  observed: 'Denials are enforced.',
  'observe-expiring': 'No observed row begins to enforce within 30 days.',
  overlap: 'No two rows fit one request, also where the Envoy route would choose.',
  'peer-unverifiable': 'JWT-SVIDs of the agents that a row names can be verified.',
  'revocation-missing': 'Every row says what revokes access, and how soon.',
  'revocation-slower': 'What is promised of revocation can be held.',
  'static-credential': 'No upstream rests on a fixed secret.',
  'svid-outlived': 'No bound token and no connection outlives the certificate it rests on (1 hour).',
  'unbound-sender': 'Every token is bound to its sender.',
  unfinished: 'Nothing still says TODO.',
  unused: 'Every agent and every authority is named by a row.',
} as const;

export type LintRule = keyof typeof LINT_RULES;
