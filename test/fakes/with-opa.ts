import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findTool } from '../../scripts/find-tool.js';

/** Runs real OPA in a folder. */
export type Opa = (cwd: string, ...args: readonly string[]) => { readonly code: number | null; readonly said: string };

/** A suite that needs real OPA: skipped in sight where there is none, and failed where CI promised one. */
export function describeWithOpa(name: string, suite: (opa: Opa) => void): void {
  const path = findTool('opa');
  const opa: Opa = (cwd, ...args) => {
    const { status, stdout, stderr } = spawnSync(path ?? '', args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 26 });
    return { code: status, said: `${stdout}${stderr}` };
  };
  if (path !== undefined) {
    describe(name, () => suite(opa));
  } else if (process.env['CI'] === 'true') {
    it(`${name}: needs OPA`, () => {
      expect.fail('OPA 1.22.2 is not installed; run: npm run tools opa');
    });
  } else {
    describe.skip(`${name} (no OPA here: npm run tools opa)`, () => suite(opa));
  }
}
