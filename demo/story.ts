import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const names = z.array(z.string()).optional();

const token = z.strictObject({
  /** Another token, whose values are taken where this one has none. */
  like: z.string().optional(),
  subject: z.string().optional(),
  /** SPIFFE ID of the outermost actor, or `none`. */
  actor: z.string().optional(),
  audience: z.string().optional(),
  scope: z.string().optional(),
  grant: z
    .strictObject({
      id: z.string(),
      task: z.string(),
      actions: z.array(z.string()),
      target: z.string(),
      context: z.record(z.string(), z.string()),
    })
    .optional(),
  /** Times are in seconds from now. */
  grantExpires: z.number().optional(),
  issued: z.number().optional(),
  expires: z.number().optional(),
  claims: z.record(z.string(), z.unknown()).optional(),
  header: z.record(z.string(), z.string()).optional(),
  /** `stranger`: signed by a key that the identity provider does not have, under the name of one that it has. */
  signer: z.literal('stranger').optional(),
  /** Sent as it is, in place of a token. */
  text: z.string().optional(),
});

const row = z.strictObject({
  call: z.string(),
  as: z.string().optional(),
  token: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  /** `METHOD host/path`; the path is sent exactly as it stands here. */
  request: z.string().regex(/^[A-Z]+ [a-z.]+\/\S*$/),
  /** False: by the listener on which Envoy leaves paths alone. */
  normalise: z.boolean().default(true),
  expect: z.strictObject({
    status: z.number(),
    reason: z.string(),
    /** Headers that the tool behind Envoy must have seen; `absent` for those that it must not. */
    upstream: z.record(z.string(), z.string()).default({}),
  }),
});

const story = z.strictObject({
  certificates: z.record(z.string(), z.strictObject({ uris: names, dns: names })),
  tokens: z.record(z.string(), token),
  rows: z.array(row).min(1),
});

export type Story = z.output<typeof story>;
export type StoryRow = z.output<typeof row>;
export type TokenRecipe = z.output<typeof token>;

/** Reads demo/story.yaml. @throws with the place of every mistake in it */
export function readStory(file = new URL('./story.yaml', import.meta.url)): Story {
  const read = story.safeParse(parse(readFileSync(file, 'utf8')));
  if (!read.success) {
    throw new Error(`demo/story.yaml is not a story:\n${z.prettifyError(read.error)}`);
  }
  return read.data;
}
