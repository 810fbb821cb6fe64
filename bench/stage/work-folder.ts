import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is gone when this process is, also where that is interrupted: records and spans are large. */
export function makeWorkFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
