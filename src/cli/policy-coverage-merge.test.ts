import { describe, expect, it } from 'vitest';
import { mergeCoverage } from './policy-coverage-merge.ts';

const range = (first: number, last = first, col = 1) => ({ start: { row: first, col }, end: { row: last, col: 20 } });
const merge = (...files: object[]) =>
  mergeCoverage(
    files.map((file) => ({ files: { 'a.rego': file } })),
    '.',
    (file) => file.endsWith('_test.rego'),
  );

describe('merged coverage', () => {
  it('covers what any run evaluated', () => {
    const one = { covered: [range(1)], not_covered: [range(2), range(3)] };
    const two = { covered: [range(2)], not_covered: [range(1), range(3)] };
    expect(merge(one, two)).toEqual({
      percent: 200 / 3,
      covered: 2,
      lines: 3,
      files: [{ file: 'a.rego', covered: 2, uncovered: [[3, 3]] }],
    });
  });

  it('joins lines that follow each other, and counts every line of a range', () => {
    const { files, lines } = merge({ covered: [range(10, 14)], not_covered: [range(1, 3), range(4), range(6)] });
    expect(files[0]?.uncovered).toEqual([
      [1, 4],
      [6, 6],
    ]);
    expect(lines).toBe(10);
  });

  it('does not cover a line of which one expression was never evaluated', () => {
    expect(merge({ covered: [range(1, 1, 1)], not_covered: [range(1, 1, 9)] })).toMatchObject({ covered: 0, lines: 1 });
  });

  it('leaves test files out, and has nothing against a folder without a line', () => {
    const report = { files: { 'a_test.rego': { not_covered: [range(1)] } } };
    expect(mergeCoverage([report], '.', (file) => file.endsWith('_test.rego'))).toMatchObject({
      percent: 100,
      lines: 0,
    });
  });
});
