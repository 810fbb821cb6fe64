/**
 * The shape of a matrix suite: agents × people × actions × grants, and what policy says of each.
 * schema/policy-suite.schema.json is generated from this file (`npm run generate`).
 */
import { z } from 'zod';
import { choice, count, duration, inWords, listOf, text, words } from '../config/fields.ts';

/** What policy can come to. `fault` is what is neither yes nor no: undefined, a trap, a failed builtin, no decision. */
export const OUTCOMES = ['allow', 'deny', 'approval', 'fault'] as const;
/** The sides of the matrix, in the order in which a cell is named. */
export const SIDES = ['agents', 'people', 'actions', 'grants'] as const;

const label = () =>
  text(/^[^\s/*?](?:[^/*?]{0,78}[^\s/*?])?$/, 'must be a name of at most 80 characters without / * ?');
const values = () => z.record(z.string(), z.unknown());
const more = () =>
  values().optional().meta({ description: 'Members of `input` that differ from what the suite makes by itself.' });
const textMap = () => z.record(z.string(), z.string());
const instant = () =>
  z.iso.datetime({ offset: true, error: 'must be a time such as 2026-12-01T09:00:00Z, with its offset' });

const agent = z.strictObject({
  absent: z.literal(true).optional().meta({ description: 'Nobody: the person acts without an agent.' }),
  spiffeId: words().optional().meta({ description: 'spiffe://TRUST-DOMAIN/ns/agents/sa/NAME where left out.' }),
  chain: z
    .array(z.strictObject({ id: words(), issuer: words() }))
    .optional()
    .meta({ description: 'Former actors, newest first.' }),
  input: more(),
});

const person = z.strictObject({
  id: words().optional().meta({ description: "The token's `sub`; the name of this entry where left out." }),
  issuer: words().optional(),
  claims: values().optional(),
  input: more(),
});

const action = z.strictObject({
  action: words().optional().meta({ description: '`hop.action`; the name of this entry where left out.' }),
  hop: words().optional().meta({ description: 'The id of the row; the action where left out.' }),
  protocol: words().optional(),
  boundary: words().optional(),
  audience: words().optional(),
  scopes: listOf(words(), 0).optional().meta({ description: 'What the row demands; the token has them.' }),
  method: words().optional(),
  host: words().optional(),
  path: text(/^\//, 'must begin with /').optional(),
  params: textMap().optional(),
  query: z.record(z.string(), z.array(z.string())).optional(),
  headers: textMap().optional(),
  body: z.unknown().optional().meta({ description: 'The JSON body; none where left out.' }),
  mcp: z
    .strictObject({ method: words().optional(), tool: words().optional(), arguments: values().optional() })
    .optional(),
  input: more(),
});

const grant = z.strictObject({
  absent: z.literal(true).optional().meta({ description: 'No grant.' }),
  id: words().optional(),
  task: words().optional(),
  actions: listOf(words(), 0).optional().meta({ description: 'The action that is asked for, where left out.' }),
  target: words().optional(),
  context: textMap().optional(),
  expiresIn: duration().prefault('1h').meta({ description: 'From `now`.' }),
  approval: z
    .strictObject({ id: words().prefault('approval-1'), approver: words() })
    .optional()
    .meta({ description: 'A person has approved exactly this request.' }),
  budget: z
    .strictObject({
      calls: count(0, Number.MAX_SAFE_INTEGER).exactOptional(),
      amount: z
        .strictObject({ limit: count(0, Number.MAX_SAFE_INTEGER), currency: words(), field: words() })
        .exactOptional(),
    })
    .optional(),
  input: more(),
});

const some = () =>
  z
    .union([label(), listOf(label())], { error: 'must be a name, or a list of names' })
    .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value))
    .optional()
    .meta({ description: 'One name, or several; all where left out.' });
const sides = { agents: some(), people: some(), actions: some(), grants: some() };

const answer = {
  outcome: choice(OUTCOMES).meta({ description: '`approval`: denied until a person approves.' }),
  reasons: listOf(text(/^[a-z][a-z0-9_.-]{0,63}$/, 'must be a code that policy gives'), 0)
    .optional()
    .meta({ description: 'The codes that policy gives, all of them, in any order.' }),
  refusal: text(/^[a-z_]+$/, 'must be a code such as policy_undefined')
    .optional()
    .meta({ description: 'The refusal of docs/refusals.md that a Check would end with; for a `fault`.' }),
  headers: textMap().optional().meta({ description: 'All that an allow sets for the upstream.' }),
  metadata: textMap().optional().meta({ description: 'All that an allow adds to the dynamic metadata.' }),
};

const test = z.strictObject({
  name: label().meta({ description: 'What holds, as a sentence.' }),
  now: instant().optional().meta({ description: 'Instead of the time of the suite.' }),
  ...sides,
  input: more(),
  default: z
    .union([choice(OUTCOMES), z.strictObject(answer)], {
      error: `use ${inWords(OUTCOMES)}, or a map with an outcome`,
    })
    .transform((value) => (typeof value === 'string' ? { outcome: value } : value))
    .optional()
    .meta({ description: 'For every cell that no row of `expect` is for; without it, each cell needs one.' }),
  expect: z.array(z.strictObject({ ...sides, ...answer })).prefault([]),
});

/** One file: the sides of the matrix, and what is expected of its cells. */
export const suiteSchema = z
  .strictObject({
    suite: label().meta({ description: 'What it is about.' }),
    now: instant().meta({ description: '`input.time`, so that a suite says tomorrow what it says today.' }),
    trustDomain: words().prefault('prod.acme.example'),
    issuer: words().prefault('https://idp.acme.example').meta({ description: 'Who vouches for people and agents.' }),
    input: more(),
    agents: z.record(label(), agent),
    people: z.record(label(), person),
    actions: z.record(label(), action),
    grants: z.record(label(), grant).prefault({ fitting: {} }),
    tests: z.array(test).min(1),
  })
  .meta({ title: '*_suite.yaml', description: 'Agents × people × actions × grants, and what policy says of each.' });

export type SuiteText = z.output<typeof suiteSchema>;
export type SuiteTest = z.output<typeof test>;
export type AgentEntry = z.output<typeof agent>;
export type PersonEntry = z.output<typeof person>;
export type ActionEntry = z.output<typeof action>;
export type GrantEntry = z.output<typeof grant>;
/** What is expected of a cell. */
export type Answer = NonNullable<SuiteTest['default']>;
export type SuiteOutcome = (typeof OUTCOMES)[number];
export type Side = (typeof SIDES)[number];
