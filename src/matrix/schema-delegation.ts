import { z } from 'zod';
import { choice, count, listOf, text, words } from '../config/fields.ts';
import { name } from './schema-name.ts';

const SOURCE = /^(?:path\.[a-z][a-z0-9_]*|query\..+|header\.[a-z0-9!#$%&'*+.^_`|~-]+|body\.(?:\/(?:[^~/]|~[01])*)+)$/;

// RFC 6901; the whole body is no field.
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;

const approval = z.strictObject({
  when: choice(['policy', 'always']).meta({
    description: '`always`: a person must approve each request. `policy`: where policy demands it.',
  }),
  body: listOf(text(POINTER, 'must be a JSON pointer such as /amount'), 0).prefault([]).meta({
    description: 'The body fields that the approval binds, as JSON pointers: one that changes needs a new approval.',
  }),
  maxBytes: count(1, 1024 * 1024)
    .prefault(8192)
    .meta({ description: 'The largest body that is read for that.' }),
});

/** On whose behalf the agent acts. */
export const delegation = z
  .strictObject({
    mode: choice(['required', 'optional', 'forbidden'])
      .prefault('required')
      .meta({ description: 'Whether the token must name an actor, may, or must not.' }),
    grant: choice(['stored', 'token', 'both']).prefault('stored').meta({
      description:
        'Where the grant is: `stored`, in our store; `token`, asserted by an authority with `grants: true`; `both`, in both, and what is left of both counts. Unused with `mode: forbidden`.',
    }),
    action: words().meta({ description: 'The action that a grant must allow, and that policy sees.' }),
    context: z
      .record(name(), text(SOURCE, 'must be path.NAME, query.NAME, header.NAME (lower case) or body./json/pointer'))
      .prefault({})
      .meta({
        description:
          "Context key → where the request shows it: `path.NAME`, `query.NAME`, `header.NAME` or `body./json/pointer`. The grant's value must be equal.",
      }),
    recheck: z
      .literal('every-use', { error: 'must be every-use, or left out' })
      .optional()
      .meta({ description: '`every-use`: the store itself is asked once more before the answer.' }),
    approval: approval.optional().meta({ description: 'Whether a person must approve single requests.' }),
  })
  .superRefine(({ mode, grant, context: keys, recheck, approval: rule }, context) => {
    const refuse = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    const written = {
      context: Object.keys(keys).length > 0,
      recheck: recheck !== undefined,
      approval: rule !== undefined,
    };
    for (const [key, isWritten] of Object.entries(written)) {
      if (!isWritten) continue;
      if (mode === 'forbidden') refuse(key, 'a row that forbids delegation reads no grant; remove it');
      else if (grant === 'token' && key !== 'context') refuse(key, 'needs a stored grant; set grant: stored or both');
    }
  });
