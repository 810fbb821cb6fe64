/**
 * Makes what describes the policy's input from the type in src/policy/input.ts: schema/policy-input.schema.json, and the
 * table of docs/policy-input.md, whose examples are a whole input and what the shipped policy says to it. The prose
 * around them is written by hand. `--check` compares instead, and exits with 4 where one is stale.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPolicy } from '../src/policy/load.ts';
import { EXAMPLE_INPUT, inputFor } from '../test/fixtures/policy-input.ts';
import { policyInputSchema } from './policy-input-schema.ts';
import { policyInputTable } from './policy-input-table.ts';
import { readInterface } from './read-interface.ts';

const ROOT = new URL('../', import.meta.url);
const PAGE = 'docs/policy-input.md';

const members = readInterface(new URL('src/policy/input.ts', ROOT), 'PolicyInput');
const policy = await loadPolicy({
  path: fileURLToPath(new URL('policies/bundle.tar.gz', ROOT)),
  entrypoint: 'behalf/authz/decision',
});

const PARTS: Readonly<Record<string, string>> = {
  members: policyInputTable(members),
  input: jsonBlock(EXAMPLE_INPUT),
  allow: jsonBlock(policy.evaluate(JSON.stringify(EXAMPLE_INPUT))),
  approval: jsonBlock(policy.evaluate(JSON.stringify(inputFor('payments.finalize')))),
};

const FILES: Readonly<Record<string, string>> = {
  'schema/policy-input.schema.json': policyInputSchema(members),
  [PAGE]: page(),
};

function jsonBlock(value: unknown): string {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
}

/** The page as it is, with what stands between its markers made anew. */
function page(): string {
  let text = readFileSync(new URL(PAGE, ROOT), 'utf8');
  for (const [part, made] of Object.entries(PARTS)) {
    const marked = new RegExp(`(<!-- generated: ${part} -->\\n).*?(<!-- end -->)`, 's');
    if (!marked.test(text)) throw new Error(`${PAGE} has no place for "${part}"`);
    text = text.replace(marked, (_, begin: string, end: string) => `${begin}\n${made}\n\n${end}`);
  }
  return text;
}

for (const [name, text] of Object.entries(FILES)) {
  const path = new URL(name, ROOT);
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${name} is stale: run \`npm run generate\` and commit it`);
    process.exitCode = 4;
  }
}
