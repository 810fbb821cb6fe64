import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives a whole test run one temporary folder, in which all tests make theirs, and removes it with all that they left. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-tests-'));
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
