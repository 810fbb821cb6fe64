/** The members of the policy's input in words, for docs/policy-input.md. */
import type { Member, Shape } from './read-interface.ts';

const WORDS = { text: 'text', number: 'number', null: 'null', any: 'any JSON' } as const;
const PLURAL: Readonly<Record<string, string>> = { text: 'texts', number: 'numbers', object: 'objects' };

/** @returns a Markdown table, parents before children */
export function policyInputTable(members: readonly Member[]): string {
  return [['Member', 'Type', 'Meaning'], ['---', '---', '---'], ...rowsOf(members, 'input')]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function rowsOf(members: readonly Member[], prefix: string): readonly (readonly string[])[] {
  return members.flatMap(({ name, shape, isOptional, doc }) => {
    const path = `${prefix}.${name}`;
    const type = isOptional ? `${wordsOf(shape)}, or absent` : wordsOf(shape);
    return [[`\`${path}\``, type, doc].map((text) => text.replaceAll('|', '\\|')), ...below(shape, path)];
  });
}

function below(shape: Shape, path: string): readonly (readonly string[])[] {
  if (shape.kind === 'object') return rowsOf(shape.members, path);
  if (shape.kind === 'list') return below(shape.of, `${path}[]`);
  return shape.kind === 'union' ? shape.of.flatMap((each) => below(each, path)) : [];
}

function wordsOf(shape: Shape): string {
  switch (shape.kind) {
    case 'literal':
      return `\`${JSON.stringify(shape.value)}\``;
    case 'list':
      return `list of ${pluralOf(shape.of)}`;
    case 'map':
      return `object of ${pluralOf(shape.of)}`;
    case 'union':
      return shape.of.map(wordsOf).join(' or ');
    case 'object':
      return 'object';
    default:
      return WORDS[shape.kind];
  }
}

function pluralOf(shape: Shape): string {
  const words = wordsOf(shape);
  return PLURAL[words] ?? words;
}
