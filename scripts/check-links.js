/**
 * Every relative link of a page leads to a file that is there, and every anchor to a heading. Exit 4 where one does not.
 * Anchors are GitHub's: lower case, without punctuation, spaces as hyphens.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const LINK = /\]\(([^()\s]+)\)/g;

/** New pages too, and not what was deleted. */
function pages() {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  const listed = execFileSync('git', args, { encoding: 'utf8' }).trim().split('\n');
  return [...new Set(listed)].filter((page) => existsSync(page));
}

/** A page without what stands in fences: a comment of shell is no heading. */
function prose(page) {
  return readFileSync(page, 'utf8').replaceAll(/^ *(```+)[^\n]*\n.*?^ *\1$/gms, '');
}

function anchorsOf(page) {
  const titles = prose(page).match(/^#+ .*$/gm) ?? [];
  const named = [...prose(page).matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name]) => name);
  return new Set([...titles.map(anchorOf), ...named]);
}

function anchorOf(title) {
  const text = title.replace(/^#+ /, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1');
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function wrongIn(page) {
  const targets = [...prose(page).matchAll(LINK)].map(([, target]) => target);
  return targets.flatMap((target) => {
    if (/^[a-z]+:/i.test(target)) return [];
    const [path, anchor] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    if (!existsSync(file)) return [`${page}: ${target}: there is no such file`];
    if (!anchor || statSync(file).isDirectory() || !file.endsWith('.md')) return [];
    return anchorsOf(file).has(anchor) ? [] : [`${page}: ${target}: there is no such heading`];
  });
}

const wrong = pages().flatMap(wrongIn);
for (const line of wrong) console.log(line);
process.exitCode = wrong.length === 0 ? 0 : 4;
