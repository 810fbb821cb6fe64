import type { Explanation } from './policy-explain.ts';
import type { Because } from './policy-explain-because.ts';
import type { Maker } from './policy-explain-rego.ts';

/** An explanation as a tree: the answer, what made each reason, and the conditions that held or did not. */
export function explainText(explanation: Explanation): string {
  const { entrypoint, revision, input, got, because, missed, madeBy, disagreement } = explanation;
  const refused =
    got.refusal === undefined ? '' : ` (${got.refusal}${got.detail === undefined ? '' : `: ${got.detail}`})`;
  const reasons = got.reasons.flatMap(({ code, message, madeBy: makers }) => [
    `  ${code}  ${JSON.stringify(message)}`,
    ...makers.map((maker) => `    made by ${makerText(maker)}`),
  ]);
  const decided = got.reasons.length > 0 ? [] : madeBy.map((maker) => `  by ${makerText(maker)}`);
  const why = because.length > 0 ? ['What held', ...because.flatMap((each) => tree(each, 1))] : [];
  const isAllow = got.outcome === 'allow';
  const not = missed.length > 0 && !isAllow ? ['What did not hold', ...missed.flatMap((each) => tree(each, 1))] : [];
  const head = [`${got.outcome}${refused}`, ...reasons, ...decided];
  const last = [
    ...(disagreement === undefined ? [] : [`THEY DO NOT AGREE, so this account may be wrong: ${disagreement}`]),
    `Decided by Behalf's runtime, ${entrypoint} at revision ${revision}, for ${input}; explained by OPA's interpreter.`,
  ];
  return `${[...head, ...why, ...not, ...last].join('\n')}\n`;
}

function makerText({ rule, where, isDefault }: Maker): string {
  return `${isDefault ? 'the default of ' : ''}${rule}, ${where}`;
}

function tree({ text, kind, where, holds, read = [], because }: Because, depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const values = read.map(({ path, value }) => `${path} is ${shown(value)}`);
  const sign = kind === 'rule' ? '' : holds ? '✓ ' : '✗ ';
  const line = `${indent}${sign}${text}  ${where}${values.length > 0 ? `  (${values.join(', ')})` : ''}`;
  return [line, ...because.flatMap((each) => tree(each, depth + 1))];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
