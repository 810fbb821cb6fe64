/** Our runtime against a running OPA with strict builtin errors, over generated inputs (threats P08, P17). */
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { findTool } from '../../scripts/find-tool.js';
import { describeWithOpa } from '../fakes/with-opa.ts';
import { CORPUS } from './corpus/corpus.ts';
import { HEADINGS } from './named.ts';
import { compareRuntimes } from './parity.ts';
import type { Subject } from './subject.ts';
import { allSubjects } from './subjects.ts';

const ROOT = new URL('../../', import.meta.url);
const COUNT = 2000;
const SEED = 5;

const EXAMPLES = readdirSync(new URL('examples/policies', ROOT), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [`examples/policies/${entry.name}`] : [],
);
const FAMILIES = Object.keys(CORPUS).map((family) => `corpus/${family}`);

describeWithOpa('our runtime and OPA', (opa) => {
  let subjects: ReadonlyMap<string, Subject>;

  beforeAll(async () => {
    subjects = new Map((await allSubjects(opa)).map((subject) => [subject.name, subject]));
  });

  const run = (name: string) => {
    const subject = subjects.get(name);
    if (subject === undefined) throw new Error(`there is no ${name}`);
    return compareRuntimes(subject, { opa: findTool('opa') ?? '', seed: SEED, count: COUNT });
  };

  it.each(['policies', ...EXAMPLES])('say the same of %s for each of 2,000 inputs [P08, P17]', async (name) => {
    const { asked, distinct, allowed, unnamed, named } = await run(name);
    expect({ unnamed, named: [...named] }).toEqual({ unnamed: [], named: [] });
    expect(asked).toBe(COUNT);
    expect(distinct).toBeGreaterThan(2);
    expect(allowed).toBeGreaterThan(0);
    expect(allowed).toBeLessThan(COUNT);
  });

  it.each(FAMILIES)(
    'differ over %s in what docs/divergences.md names, and in nothing else [P03, P17]',
    async (name) => {
      const { asked, kinds, distinct, unnamed } = await run(name);
      expect(unnamed).toEqual([]);
      expect(asked).toBe(COUNT);
      // Calls that fail are compared too, but most are to have a value.
      expect(kinds.value).toBeGreaterThan(COUNT / 2);
      expect(kinds.error).toBeGreaterThan(0);
      expect(distinct).toBeGreaterThan(COUNT / 10);
    },
  );
});

describe('a difference that is named', () => {
  it.each(HEADINGS)('is described under %s', (heading) => {
    const page = readFileSync(new URL('docs/divergences.md', ROOT), 'utf8');
    expect(page.split('\n').map((line) => line.replace(/^##+ /, ''))).toContain(heading);
  });
});
