import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './problem.ts';
import { readStrictYaml } from './strict-yaml.ts';

const folder = mkdtempSync(join(tmpdir(), 'behalf-yaml-'));

function file(text: string): string {
  const path = join(folder, 'a.yaml');
  writeFileSync(path, text);
  return path;
}

function problemsOf(text: string): readonly string[] {
  try {
    readStrictYaml(file(text));
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ where, message }) => `${where.replace(`${folder}/`, '')}: ${message}`);
    }
    throw error;
  }
  return [];
}

describe('readStrictYaml', () => {
  it.each([
    ['a key given twice', 'a: 1\nb: 2\na: 3\n', 'a.yaml:3:1: the key "a" is there twice; keep one'],
    ['a tab', 'a:\n\tb: 1\n', 'a.yaml:2:1: a tab stands where YAML wants spaces'],
    ['a second document', 'a: 1\n---\nb: 2\n', 'a.yaml:2:1: a second document begins here'],
    ['an unfilled template', '{{ .Values.x }}\n', 'a.yaml:1:2: a key must be plain text'],
    ['a key that is a list', '? [a]\n: 1\n', 'a.yaml:1:3: a key must be plain text'],
    ['an unknown tag', 'a: !secret x\n', 'a.yaml:1:4: not valid YAML: Unresolved tag: !secret'],
    ['a list that does not end', 'a: [1,\n', 'a.yaml:2:1: not valid YAML: '],
    ['a bad escape', 'a: "\\q"\n', 'a.yaml:1:5: not valid YAML: Invalid escape sequence'],
    ['an alias to nothing', 'a: *x\n', 'a.yaml:1:1: Unresolved alias'],
    ['an empty file', '', 'a.yaml:1:1: the file is empty'],
    ['a file of comments', '# nothing\n', 'a.yaml:1:1: the file is empty'],
  ])('refuses %s, and says where', (_, text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem);
  });

  it('lists every fault, not only the first', () => {
    expect(problemsOf('a: {x: 1, x: 2}\nb:\n  - c: 1\n    c: 2\n')).toHaveLength(2);
  });

  it('refuses aliases that multiply (Y05)', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
    expect(problemsOf(`l0: &l0 [x]\n${levels.join('\n')}\n`)[0]).toContain('Excessive alias count');
  });

  it('says why a file cannot be read', () => {
    expect(() => readStrictYaml(join(folder, 'none.yaml'))).toThrow(
      /none\.yaml: cannot be read: there is no such file/,
    );
    expect(() => readStrictYaml(folder)).toThrow(/cannot be read: it is a folder/);
  });

  it('knows where values and keys stand, through lists and aliases', () => {
    const yaml = readStrictYaml(file('a: &x\n  b: 1\nc:\n  - d: 2\n  - e: *x\n'));
    const at = (...args: Parameters<typeof yaml.where>) => yaml.where(...args).replace(`${folder}/a.yaml:`, '');
    expect(at(['a', 'b'])).toBe('2:6');
    expect(at(['a', 'b'], 'key')).toBe('2:3');
    expect(at(['c', 0, 'd'])).toBe('4:8');
    expect(at(['c', 1, 'e', 'b'], 'key')).toBe('2:3');
  });

  it('places a missing key at the nearest key that is there', () => {
    const yaml = readStrictYaml(file('a:\n  b:\n    c: 1\n'));
    expect(yaml.where(['a', 'b', 'missing'])).toContain('a.yaml:2:3');
  });

  it('reads text that looks like something else as YAML 1.2 does', () => {
    expect(readStrictYaml(file('a: no\nb: 2020-01-01\nc: 1_000\n')).value).toEqual({
      a: 'no',
      b: '2020-01-01',
      c: '1_000',
    });
  });
});
