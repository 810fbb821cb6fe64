import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadPolicy } from '../../src/policy/load.ts';
import { inputSchema } from '../../src/policy-suite/input-schema.ts';
import { loadSuites } from '../../src/policy-suite/load-suites.ts';
import { folderOf } from '../fakes/policy-folder.ts';
import { EXAMPLE_INPUT, inputFor } from '../fixtures/policy-input.ts';
import { mutateInput, type Vocabulary } from './mutate-input.ts';
import type { Subject } from './subject.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ENTRYPOINT = 'behalf/authz/decision';
const EXAMPLES = 'examples/policies';
const ACTIONS = ['invoices.read', 'payments.draft', 'payments.finalize', 'customers.read'];

/** Every policy that is shipped or shown, whose bundle is committed: found by its folder. */
export async function policySubjects(): Promise<readonly Subject[]> {
  const folders = ['policies', ...examples()];
  const seeds = new Map(folders.map((folder) => [folder, seedsOf(folder)]));
  return Promise.all(folders.map((folder) => subjectOf(folder, seeds)));
}

function examples(): string[] {
  return readdirSync(join(ROOT, EXAMPLES))
    .map((name) => `${EXAMPLES}/${name}`)
    .filter((folder) => existsSync(join(ROOT, folder, 'bundle.tar.gz')));
}

/** What its author wrote down: fixtures, and the cells of its suites. */
function seedsOf(folder: string): readonly unknown[] {
  const path = join(ROOT, folder);
  const fixtures = existsSync(join(path, 'fixtures')) ? readdirSync(join(path, 'fixtures')) : [];
  const written = fixtures.map((name) => JSON.parse(readFileSync(join(path, 'fixtures', name), 'utf8')) as unknown);
  const cells = loadSuites(path).map(({ input }) => input);
  const bodies = ACTIONS.map((action) => inputFor(action, { recipient: 'r-1', amount: 5000, currency: 'EUR' }));
  return [...written, ...cells, EXAMPLE_INPUT, ...ACTIONS.map((action) => inputFor(action)), ...bodies];
}

async function subjectOf(folder: string, seeds: ReadonlyMap<string, readonly unknown[]>): Promise<Subject> {
  const own = seeds.get(folder) ?? [];
  const all = [...seeds.values()].flat();
  const vocabulary = vocabularyOf(all);
  const policy = await loadPolicy({ path: join(ROOT, folder, 'bundle.tar.gz'), entrypoint: ENTRYPOINT });
  return {
    name: folder,
    folder: sourcesOf(folder),
    entrypoint: ENTRYPOINT,
    policy,
    input: (random) => {
      const seed = random.pick(random.chance(0.8) ? own : all);
      for (;;) {
        const input = mutateInput(seed, vocabulary, random);
        // Its types are proven before policy runs, so no other input can be.
        if (inputSchema.safeParse(input).success) return input;
      }
    },
    callOf: () => undefined,
  };
}

/** As an author has it: with the library beside it. */
function sourcesOf(folder: string): string {
  const copy = folderOf({});
  cpSync(join(ROOT, folder), copy, { recursive: true });
  cpSync(join(ROOT, 'policies/lib'), join(copy, 'lib'), { recursive: true });
  return copy;
}

function vocabularyOf(seeds: readonly unknown[]): Vocabulary {
  const at = new Map<string, unknown[]>();
  const [texts, numbers]: [Set<string>, Set<number>] = [new Set(['', 'x']), new Set([0])];
  function collect(value: unknown, path: string): void {
    at.set(path, [...(at.get(path) ?? []), value]);
    if (typeof value === 'string') texts.add(value);
    if (typeof value === 'number') numbers.add(value);
    if (typeof value !== 'object' || value === null) return;
    for (const [key, held] of Object.entries(value)) collect(held, `${path}/${key}`);
  }
  for (const seed of seeds) collect(seed, '');
  return { at, texts: [...texts], numbers: [...numbers] };
}
