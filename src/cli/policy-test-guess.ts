import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The `test_*` rules of a folder as far as its text shows them, as entrypoints. OPA's own list is what counts: this one
 * only lets the compiler begin beside it.
 */
export function guessTests(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.rego'));
  const rules = files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const path = /^package\s+([\w.]+)\s*$/m.exec(text)?.[1]?.replaceAll('.', '/');
    const names = [...text.matchAll(/^test_\w+/gm)].map(([name]) => name);
    return path === undefined ? [] : names.map((name) => `${path}/${name}`);
  });
  return [...new Set(rules)];
}
