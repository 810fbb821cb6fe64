/**
 * The shape of test/cases/*.yaml: one request each, what is in the store before it, and everything that is expected of it.
 * schema/cases.schema.json is generated from this file (`npm run generate`).
 */
import { z } from 'zod';
import { choice, count, listOf, text, words } from '../../src/config/fields.ts';

/** Certificates that a case may show; certificates.ts makes them. `brief` runs out while its connection is open. */
export const CERTIFICATES = [
  'procurement',
  'procurement-renewed',
  'support',
  'partner',
  'nobody',
  'none',
  'brief',
  'no-uri',
  'two-uris',
  'subject-uri',
  'bad-id',
  'other-domain',
  'near-domain',
  'ca',
  'no-usage',
  'huge',
  'by-stranger',
  'by-partner-ca',
  'proxy',
] as const;

/** How Behalf and Envoy are set up; case-world.ts and envoy-world.ts say what each means. */
export const SETUPS = [
  'plain',
  'found-by-match',
  'twin-rows',
  'bundles',
  'nonces',
  'xfcc',
  'forwarding',
  'partial',
] as const;

/** What is broken. */
export const FAULTS = ['not-ready', 'step-throws', 'step-hangs', 'store-stale', 'store-unavailable'] as const;

const REVOKED = ['token', 'grant', 'parent', 'subject', 'agent', 'key', 'issuer', 'everything', 'before'] as const;

const any = () => z.unknown();
const values = () => z.record(z.string(), any());
const seconds = () => z.int();
const orNull = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.null()]);
const subset = () => values().meta({ description: 'These members, whatever else is there.' });
const headers = () =>
  z
    .record(z.string(), orNull(z.union([z.string(), z.strictObject({ contains: z.string() })])))
    .meta({ description: 'Name → value; null where it must be absent; {contains: …} for a part of it.' });

const grant = z
  .strictObject({
    id: words().optional(),
    subject: words().optional(),
    actor: words().optional(),
    task: words().optional(),
    actions: listOf(words()).optional(),
    target: words().optional(),
    context: z.record(z.string(), z.string()).optional(),
    calls: count(0, 1_000_000).optional(),
    amount: z.strictObject({ limit: count(0, 1e9), currency: words(), field: words() }).optional(),
    expires: seconds()
      .optional()
      .meta({ description: 'Seconds from now; it was made two hours ago where they are past.' }),
    parent: words().optional(),
  })
  .meta({ description: 'A grant; what is left out is what the request needs.' });

const write = z.union([
  z.strictObject({ grant }),
  z.strictObject({ forged: grant.meta({ description: 'A grant that the store would refuse, and has all the same.' }) }),
  z.strictObject({
    approve: z.strictObject({
      approver: words().optional(),
      body: any().optional().meta({ description: 'The body that was approved; that of the request where left out.' }),
      path: words().optional().meta({ description: 'The path that was approved.' }),
    }),
  }),
  z.strictObject({ revoke: choice(REVOKED).meta({ description: 'What of this request is revoked.' }) }),
  z.strictObject({ spend: z.strictObject({ calls: count(0, 1e6).prefault(0), amount: count(0, 1e9).prefault(0) }) }),
]);

const token = z.union([
  choice(['none']).meta({ description: '`none`: no token.' }),
  z.strictObject({ raw: z.string().meta({ description: 'The token, as it is.' }) }),
  z.strictObject({
    parts: z
      .strictObject({ header: z.string(), payload: z.string(), signature: z.string().prefault('AAAA') })
      .meta({ description: 'The JSON texts of header and payload, and the signature as it is.' }),
  }),
  z.strictObject({
    opaque: choice(['inactive', 'broken', 'active']).meta({ description: 'What the issuer says of an opaque token.' }),
    claims: values().optional(),
  }),
  z.strictObject({
    claims: values()
      .optional()
      .meta({ description: 'Replaced claims; null takes one out. A number for exp, iat or nbf is seconds from now.' }),
    header: values().optional().meta({ description: 'Replaced header parameters; null takes one out.' }),
    grant: orNull(values())
      .optional()
      .meta({ description: 'Replaced members of the grant in the token; null: no grant.' }),
    signer: choice(['stranger', 'twin']).optional().meta({
      description: '`stranger`: a key that the issuer does not have. `twin`: a second key that it publishes.',
    }),
    bind: choice(['nothing', 'certificate', 'other-certificate', 'key', 'other-key']).optional(),
    tamper: choice(['signature', 'padding']).optional(),
    pad: count(1, 40_000).optional().meta({ description: 'So many characters more.' }),
    scheme: z.string().optional(),
  }),
]);

const dpop = z.union([
  choice(['none', 'valid']),
  z.strictObject({ raw: z.string() }),
  z.strictObject({
    claims: values().optional(),
    header: values().optional(),
    key: choice(['own', 'other', 'weak']).optional(),
    nonce: choice(['ours', 'foreign', 'old']).optional(),
    tamper: choice(['signature']).optional(),
    copies: count(1, 3).optional(),
    url: words().optional(),
  }),
]);

const svid = z.union([
  choice(['none']),
  z.strictObject({ claims: values().optional(), header: values().optional(), signer: choice(['stranger']).optional() }),
]);

const request = z.strictObject({
  row: orNull(words()).meta({ description: 'The row that the Envoy route names; null where no route does.' }),
  like: words().optional().meta({ description: 'The row that the rest is taken from where `row` is null or another.' }),
  agent: choice(CERTIFICATES).optional().meta({ description: 'The certificate that is shown.' }),
  method: words().optional(),
  host: words().optional(),
  path: z.string().optional(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  body: any().optional().meta({ description: 'Text is sent as it is, everything else as JSON.' }),
  sni: words().optional(),
  token: token.optional(),
  dpop: dpop.optional(),
  svid: svid.optional(),
  times: count(1, 5).optional().meta({ description: 'Sent so often; all but the last must be allowed.' }),
});

const expected = z.strictObject({
  outcome: choice(['allow', 'deny', 'degrade', 'observe']),
  reason: text(/^[a-z_]+$/, 'must be a code of src/refusals.ts').optional(),
  headers: headers().optional().meta({ description: 'What the client gets.' }),
  upstream: headers().optional().meta({ description: 'What reaches the upstream.' }),
  metadata: subset().optional(),
  record: subset().optional().meta({ description: 'Of the decision record.' }),
  body: subset().optional().meta({ description: "Of the denial's JSON." }),
});

const oneCase = z.strictObject({
  name: words().meta({ description: 'The behaviour, as a sentence.' }),
  threats: listOf(text(/^[A-Z]\d\d$/, 'must be the id of a threat'), 0).prefault([]),
  setup: choice(SETUPS).prefault('plain'),
  fault: choice(FAULTS).optional(),
  store: z.array(write).optional().meta({ description: 'Written before; a grant that fits where this is left out.' }),
  request,
  expect: expected,
  envoy: z
    .strictObject({ status: count(400, 599), asked: z.literal(false) })
    .optional()
    .meta({ description: 'What Envoy itself refuses, before it asks us. The rest then holds at the port alone.' }),
  only: z
    .union([z.strictObject({ port: words() }), z.strictObject({ envoy: words() })])
    .optional()
    .meta({ description: 'Where alone it makes sense → why.' }),
});

/** One file of cases. */
export const casesSchema = z
  .strictObject({ cases: z.array(oneCase).min(1) })
  .meta({ title: 'test/cases/*.yaml', description: 'Requests, and what becomes of them.' });

export type Case = z.output<typeof oneCase>;
export type StoreWrite = z.output<typeof write>;
export type GrantSpec = z.output<typeof grant>;
export type TokenSpec = z.output<typeof token>;
export type DpopSpec = z.output<typeof dpop>;
export type Expected = z.output<typeof expected>;
export type Setup = (typeof SETUPS)[number];
export type Fault = (typeof FAULTS)[number];
export type CertificateName = (typeof CERTIFICATES)[number];
