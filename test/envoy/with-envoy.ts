import { describe, expect, it } from 'vitest';
import { findTool } from '../../scripts/find-tool.js';

/** A suite that needs real Envoy: skipped in sight where there is none, and failed where CI promised one. */
export function describeWithEnvoy(name: string, suite: () => void): void {
  if (findTool('envoy') !== undefined) {
    describe(name, suite);
  } else if (process.env['CI'] === 'true') {
    it(`${name}: needs Envoy`, () => {
      expect.fail('Envoy 1.40 is not installed; run: npm run tools');
    });
  } else {
    describe.skip(`${name} (no Envoy here: npm run tools)`, suite);
  }
}
