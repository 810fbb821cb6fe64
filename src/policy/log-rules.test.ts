import { describe, expect, it } from 'vitest';
import { BundleError } from './bundle-error.ts';
import { compileLogRules } from './log-rules.ts';
import type { Policy } from './policy.ts';
import { requireLogRules } from './require-log-rules.ts';

const asked = (entrypoint: string): Policy => ({
  revision: 'r',
  entrypoint,
  budget: 1,
  lastTicks: 0,
  evaluate: (input) => [entrypoint, input],
});

const bundle = (text: string, entrypoints: readonly string[] = ['behalf/authz/decision']) => ({
  entrypoints,
  sources: [{ path: '/log.rego', text }],
});

describe('the rules of a bundle about records', () => {
  it('are asked about the record where the module has them', async () => {
    const compile = (entrypoint: string): Promise<Policy> => Promise.resolve(asked(entrypoint));
    const { mask, drop } = await compileLogRules(bundle('', ['system/log/mask', 'system/log/drop']), compile);
    expect(mask?.({ input: 1 })).toEqual(['system/log/mask', '{"input":1}']);
    expect(drop?.({})).toEqual(['system/log/drop', '{}']);
    expect(await compileLogRules(bundle(''), compile)).toEqual({});
  });

  it.each([
    ['package system.log\n\nmask contains "/input/request/path"', 'mask'],
    ['# about records\npackage system.log # ours\nimport rego.v1\nmask := {"/input"}', 'mask'],
    ['package system.log\n\ndefault drop := false\n\ndrop if input.x', 'drop'],
    ['package system.log\n\nmask["/input/x"]', 'mask'],
  ])(
    'refuse a bundle that has them in its Rego alone: what is to be masked would be written down [T07]',
    (text, name) => {
      const require = (): void => requireLogRules(bundle(text));
      expect(require).toThrow(BundleError);
      expect(require).toThrow(`system.log.${name}`);
      requireLogRules(bundle(text, ['system/log/mask', 'system/log/drop']));
    },
  );

  it.each(['package system.log\n\nmasked := 1', 'package other\n\nmask := 1', 'package system.logs\n\ndrop := 1'])(
    'are not what only looks like them: %j',
    (text) => {
      expect(() => requireLogRules(bundle(text))).not.toThrow();
    },
  );
});
