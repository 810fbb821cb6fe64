/**
 * Makes docs/threat-coverage.md: each threat of test/threats.yaml with the tests whose names carry its id, the codes that
 * meet it, and what Envoy's client sees. `--check` compares instead, and exits with 4 where the page is stale, where an id
 * has neither a test nor an explained gap, or where a test names an id that the list does not have.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { CLASSES, isRefusalCode, REFUSALS } from '../src/refusals.ts';
import { loadCases } from '../test/cases/load-cases.ts';

interface Threat {
  readonly what: string;
  readonly codes?: readonly string[];
  /** What is said of a bundle that is not taken, so that no Check ever meets it: codes of docs/bundles.md. */
  readonly bundle?: readonly string[];
  /** True where no refusal meets it: the design makes it impossible or harmless, and tests show that. */
  readonly none?: boolean;
  readonly gap?: string;
}

interface Proof {
  readonly file: string;
  readonly name: string;
}

const ROOT = new URL('../', import.meta.url);
const PAGE = new URL('docs/threat-coverage.md', ROOT);
const SECTIONS = {
  E: 'Envoy and ext_authz',
  S: 'Certificates and SPIFFE',
  J: 'Tokens',
  D: 'DPoP',
  A: 'Actors and grants',
  P: 'Policy',
} as const;
const MOST_PROOFS = 4;
/** From docs/. */
const BUNDLE_CODES = 'bundles.md#when-one-is-refused';

const threats = parse(readFileSync(new URL('test/threats.yaml', ROOT), 'utf8')) as Record<string, Threat>;
const proofs = proofsById();

/** Every string of a test file that carries ids in brackets or parentheses is the name of a test, or of a row of one. */
function proofsById(): Map<string, Proof[]> {
  const found = new Map<string, Proof[]>();
  for (const file of testFiles()) {
    const text = readFileSync(new URL(file, ROOT), 'utf8');
    for (const [, , name = ''] of text.matchAll(
      /(['"`])((?:(?!\1|\n).)*[([][^)\]\n]*\b[ESJDAP]\d\d\b(?:(?!\1|\n).)*)\1/g,
    )) {
      for (const id of idsIn(name)) found.set(id, [...(found.get(id) ?? []), { file, name }]);
    }
  }
  for (const { file, name, threats: ids } of cases()) {
    // A threat of a section that is not on the page yet is none of this list's.
    for (const id of ids.filter((each) => Object.hasOwn(SECTIONS, each.slice(0, 1)))) {
      found.set(id, [...(found.get(id) ?? []), { file, name }]);
    }
  }
  return found;
}

/** The cases of test/cases name the threats that they prove. */
function cases(): readonly (Proof & { readonly threats: readonly string[] })[] {
  return loadCases().flatMap(({ name: theme, cases: all }) =>
    all.map(({ name, threats: ids }) => ({ file: `test/cases/${theme}.yaml`, name, threats: ids })),
  );
}

function testFiles(): readonly string[] {
  return ['src', 'test', 'protos', 'examples']
    .flatMap((folder) =>
      readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`),
    )
    .filter((path) => path.endsWith('.test.ts'))
    .sort();
}

/** `[S01, S03]`, `(threats E10–E13)`: single ids and ranges. */
function idsIn(name: string): readonly string[] {
  const bracketed = [...name.matchAll(/[([]([^)\]]*)[)\]]/g)].map(([, inside = '']) => inside).join(' ');
  return [...bracketed.matchAll(/\b([ESJDAP])(\d\d)(?:–[ESJDAP]?(\d\d))?\b/g)].flatMap(
    ([, letter = '', from = '', to = from]) =>
      Array.from(
        { length: Number(to) - Number(from) + 1 },
        (_, index) => `${letter}${String(Number(from) + index).padStart(2, '0')}`,
      ),
  );
}

function row(id: string, { what, codes = [], bundle = [], none, gap }: Threat): string {
  const tests = proofs.get(id) ?? [];
  const byFile = Map.groupBy(tests, ({ file }) => file);
  const named = [...byFile].map(([file, { length }]) => `[${file}](../${file})${length > 1 ? ` (${length})` : ''}`);
  const shown =
    named.slice(0, MOST_PROOFS).join(', ') +
    (named.length > MOST_PROOFS ? `, and ${named.length - MOST_PROOFS} more` : '');
  const codeCells = [
    ...codes.map((code) => `[\`${code}\`](refusals.md#${code})`),
    ...bundle.map((code) => `[\`${code}\`](${BUNDLE_CODES})`),
  ].join(', ');
  return `| ${id} | ${what} | ${codeCells || (none === true ? 'no refusal' : '')} | ${outcome(codes, bundle)} | ${[shown, gap && `**Gap:** ${gap}`].filter(Boolean).join(' ')} |`;
}

/** What the client behind Envoy sees. */
function outcome(codes: readonly string[], bundle: readonly string[]): string {
  if (codes.length === 0 && bundle.length > 0) return 'the last good bundle goes on';
  if (codes.length === 0) return 'the upstream sees what was authorised, or nothing';
  const statuses = codes.filter(isRefusalCode).map((code) => CLASSES[REFUSALS[code].class].http);
  return [...new Set(statuses)].sort((a, b) => a - b).join(', ');
}

function page(): string {
  const lines = [
    '# Which test meets which threat',
    '',
    '<!-- Generated from test/threats.yaml and the names of the tests: npm run generate -->',
    '',
    'One row for each threat. *Code* is the refusal that meets it, or what a bundle is refused for before any Check meets it;',
    '*Envoy* is the status that the client behind Envoy gets;',
    '*no refusal* means that there is nothing to refuse: the tests show that it changes nothing. The tests carry the id in',
    'their names, the cases of `test/cases/` beside them. Both `test/envoy/` and the cases go through real Envoy.',
    '',
  ];
  for (const [letter, title] of Object.entries(SECTIONS)) {
    lines.push(`## ${title}`, '', '| Id | Threat | Code | Envoy | Tests |', '| --- | --- | --- | --- | --- |');
    for (const [id, threat] of Object.entries(threats)) if (id.startsWith(letter)) lines.push(row(id, threat));
    lines.push('');
  }
  return lines.join('\n');
}

function faults(): readonly string[] {
  const silent = Object.entries(threats).filter(([id, { gap }]) => gap === undefined && !proofs.has(id));
  const unknownCodes = Object.entries(threats).flatMap(([id, { codes = [] }]) =>
    codes.filter((code) => !isRefusalCode(code)).map((code) => `${id} names ${code}, which is no refusal`),
  );
  const bundles = readFileSync(new URL('docs/bundles.md', ROOT), 'utf8');
  const unknownOfBundles = Object.entries(threats).flatMap(([id, { bundle = [] }]) =>
    bundle
      .filter((code) => !bundles.includes(`| \`${code}\` |`))
      .map((code) => `${id} names ${code}, which no bundle gets`),
  );
  const strangers = [...proofs].filter(([id]) => threats[id] === undefined);
  return [
    ...silent.map(([id]) => `${id} has neither a test that names it nor a gap that explains it`),
    ...strangers.map(([id, [first]]) => `${first?.file} names ${id}, which test/threats.yaml does not have`),
    ...unknownCodes,
    ...unknownOfBundles,
  ];
}

const made = page();
const wrong = faults();
for (const fault of wrong) console.error(`threat coverage: ${fault}`);
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, made);
} else if (readFileSync(PAGE, 'utf8') !== made) {
  console.error('docs/threat-coverage.md is stale: run `npm run generate` and commit it');
  process.exitCode = 4;
}
if (wrong.length > 0) process.exitCode = 4;
