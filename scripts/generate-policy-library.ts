/**
 * Fills the list of rules in docs/policy-library.md from the METADATA of policies/lib. Every rule there has a `default`,
 * so that it is never undefined, and says what it means: one without either is an error. `--check` compares instead, and
 * exits with 4 where the page is stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const ROOT = new URL('../', import.meta.url);
const LIBRARY = new URL('policies/lib/', ROOT);
const PAGE = new URL('docs/policy-library.md', ROOT);

interface Entry {
  readonly title: string;
  readonly description: string;
}

/** `METADATA`, its lines, and the line of Rego that they are about. */
const ANNOTATED = /^# METADATA\n((?:#.*\n)+)(.*)$/gm;

function entriesOf(file: string): readonly Entry[] {
  const source = readFileSync(new URL(file, LIBRARY), 'utf8');
  const name = file.replace('.rego', '');
  const entries = [...source.matchAll(ANNOTATED)].map(([, comment = '', line = '']) => {
    const { title, description } = parse(comment.replaceAll(/^# ?/gm, '')) as Partial<Entry>;
    if (title === undefined || description === undefined) throw new Error(`${file}: ${line}: no title or description`);
    const rule = /^default (\w+)/.exec(line)?.[1];
    const named = rule === undefined ? name : `${name}.${rule}`;
    const isAbout = rule !== undefined || line === `package behalf.lib.${name}`;
    if (!isAbout || title.replace(/\(.*/, '') !== named) throw new Error(`${file}: ${line}: is titled ${title}`);
    return { title, description: description.trim().replaceAll('\n', ' ') };
  });
  const defaults = source.match(/^default /gm)?.length ?? 0;
  if (entries.length !== defaults + 1) throw new Error(`${file}: a default rule, or the package, has no METADATA`);
  return entries;
}

function sectionOf(file: string): string {
  const [packaged, ...rules] = entriesOf(file);
  const rows = rules.map(({ title, description }) => `| \`${title}\` | ${description.replaceAll('|', '\\|')} |`);
  return `### \`${packaged?.title}\`\n\n${packaged?.description}\n\n| Rule | Meaning |\n| --- | --- |\n${rows.join('\n')}\n`;
}

const sections = readdirSync(LIBRARY)
  .filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego'))
  .sort()
  .map(sectionOf);
const page = readFileSync(PAGE, 'utf8');
const marked = /(<!-- generated: rules -->\n).*?(<!-- end -->)/s;
if (!marked.test(page)) throw new Error('docs/policy-library.md has no place for "rules"');
const made = page.replace(marked, (_, begin: string, end: string) => `${begin}\n${sections.join('\n')}\n${end}`);
if (!process.argv.includes('--check')) {
  writeFileSync(PAGE, made);
} else if (made !== page) {
  console.error('docs/policy-library.md is stale: run `npm run generate` and commit it');
  process.exitCode = 4;
}
