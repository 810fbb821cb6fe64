import type { Bundle } from './bundle.ts';
import { BundleError } from './bundle-error.ts';

/**
 * Refuses a bundle that holds more than the roots of its manifest permit: an entrypoint, data, or a package of Rego
 * outside them (threats P10).
 * @throws BundleError `bundle_scope`
 */
export function requireWithinRoots({ roots, entrypoints, data, sources }: Bundle): void {
  const outside = [
    ...entrypoints.filter((path) => !owns(roots, path)).map((path) => `the entrypoint ${path}`),
    ...outsideData(data, [], roots),
    ...sources
      .filter(({ text }) => !owns(roots, packageOf(text)))
      .map(({ path }) => `the package of ${JSON.stringify(path.slice(0, 100))}`),
  ][0];
  if (outside === undefined) return;
  const permitted = roots.map((root) => `"${root}"`).join(', ');
  throw new BundleError(
    'bundle_scope',
    `${outside} lies outside the roots of its .manifest, ${permitted}. Correct the roots or the bundle.`,
  );
}

/** The first data that no root holds. A map above a root is only the way to it. */
function outsideData(value: unknown, path: readonly string[], roots: readonly string[]): readonly string[] {
  const at = path.join('/');
  if (owns(roots, at)) return [];
  const isWay = path.length === 0 || roots.some((root) => root.startsWith(`${at}/`));
  if (!isWay || typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`data at /${at.slice(0, 100)}`];
  }
  for (const [key, inner] of Object.entries(value)) {
    const found = outsideData(inner, [...path, key], roots);
    if (found.length > 0) return found;
  }
  return [];
}

function owns(roots: readonly string[], path: string): boolean {
  return roots.some((root) => root === '' || path === root || path.startsWith(`${root}/`));
}

/** `package a.b["c d"]` as a path. */
function packageOf(source: string): string {
  const name = /^[ \t]*package[ \t]+(\S[^\n#]*)/m.exec(source)?.[1] ?? '';
  return name
    .trim()
    .replaceAll(/\["([^"]*)"\]/g, '.$1')
    .replaceAll('.', '/');
}
