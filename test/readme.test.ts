/** What the front pages promise: the configuration works, the commands are there, the links lead somewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'envoy/README.md',
  ...docs.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`),
];

describe('README.md', () => {
  it('shows a configuration and a matrix that `behalf validate` accepts together', () => {
    const [config = '', matrix = ''] = [...read('README.md').matchAll(/```yaml\n([^]*?)```/g)].map(([, yaml]) => yaml);
    const folder = mkdtempSync(join(tmpdir(), 'behalf-readme-'));
    try {
      writeFileSync(join(folder, 'behalf.yaml'), config.replace('./policies/', join(root, 'policies/')));
      writeFileSync(join(folder, 'matrix.yaml'), matrix);
      const said = execFileSync(process.execPath, [join(root, 'bin/behalf.js'), 'validate'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(said).toContain('1 row, 1 agent');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.each(pages)('%s', (page) => {
  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(page).matchAll(/\bnpm run ([\w:]+)/g)].map(([, script]) => script ?? '');
    expect(named.filter((script) => scripts[script] === undefined && script !== 'script')).toEqual([]);
  });

  it('links only to files that exist', () => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link ?? '');
    const broken = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(root, page, '..', link)));
    expect(broken).toEqual([]);
  });
});
