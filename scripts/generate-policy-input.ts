/**
 * Fills docs/policy-input.md: the table from the type in src/policy/input.ts, the examples from a whole input and what
 * the shipped policy says to it. The prose around them is written by hand. `--check` compares instead, and exits with 4
 * where the page is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPolicy } from '../src/policy/load.ts';
import { EXAMPLE_INPUT, inputFor } from '../test/fixtures/policy-input.ts';
import { readInterface } from './read-interface.ts';

const ROOT = new URL('../', import.meta.url);
const PAGE = 'docs/policy-input.md';

const policy = await loadPolicy({
  path: fileURLToPath(new URL('policies/bundle.tar.gz', ROOT)),
  entrypoint: 'behalf/authz/decision',
});

const PARTS: Readonly<Record<string, string>> = {
  members: tableOf(),
  input: jsonBlock(EXAMPLE_INPUT),
  allow: jsonBlock(policy.evaluate(EXAMPLE_INPUT)),
  approval: jsonBlock(policy.evaluate(inputFor('payments.finalize'))),
};

function tableOf(): string {
  const members = readInterface(new URL('src/policy/input.ts', ROOT), 'PolicyInput', 'input');
  const rows = members.map(({ path, type, doc }) => [`\`${path}\``, type, doc].map(cell));
  return [['Member', 'Type', 'Meaning'], ['---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function jsonBlock(value: unknown): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}

const path = fileURLToPath(new URL(PAGE, ROOT));
const page = readFileSync(path, 'utf8');
let made = page;
for (const [part, text] of Object.entries(PARTS)) {
  const marked = new RegExp(`(<!-- generated: ${part} -->\\n).*?(<!-- end -->)`, 's');
  if (!marked.test(made)) throw new Error(`${PAGE} has no place for "${part}"`);
  made = made.replace(marked, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`);
}
if (!process.argv.includes('--check')) {
  writeFileSync(path, made);
} else if (made !== page) {
  console.error(`${PAGE} is stale: run \`npm run generate\` and commit it`);
  process.exitCode = 4;
}
