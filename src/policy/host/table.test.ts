import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { requireBuiltins } from '../builtins.ts';
import { HOST_BUILTINS } from './host-builtins.ts';
import { BUILTINS } from './table.ts';

const ROOT = new URL('../../../', import.meta.url);
/** What Rego v1 has no more: compiled in for a bundle of v0, and not what `opa check` may let pass. */
const DEPRECATED = ['all', 'any', 'net.cidr_overlap', 're_match', 'set_diff'];

function named(...answers: readonly string[]): string[] {
  return Object.keys(BUILTINS)
    .filter((name) => answers.includes(BUILTINS[name]?.is ?? ''))
    .sort();
}

describe('the table of builtins', () => {
  it('says of those that the host has, and of no others, that the host answers [P04]', () => {
    expect(Object.keys(HOST_BUILTINS).sort()).toEqual(named('host'));
  });

  it('says the same as policies/capabilities.json [P04]', () => {
    const text = readFileSync(new URL('policies/capabilities.json', ROOT), 'utf8');
    const { builtins } = JSON.parse(text) as { builtins: { name: string }[] };
    const allowed = named('native', 'host', 'erased').filter((name) => !DEPRECATED.includes(name));
    expect(builtins.map(({ name }) => name).sort()).toEqual(allowed);
  });

  it('has advice for each that is refused, which its refusal gives [P04]', () => {
    for (const name of named('refused')) {
      const answer = BUILTINS[name];
      const instead = answer?.is === 'refused' ? answer.instead : '';
      const refused = () => requireBuiltins([name], Object.keys(HOST_BUILTINS), []);
      expect(refused).toThrow(`the builtin ${name} does not exist here: ${instead}.`);
      expect(instead.length).toBeGreaterThan(10);
    }
  });

  it('has no clock, no chance, no network and no environment: a decision can be replayed [P04]', () => {
    const needed = ['time.now_ns', 'rand.intn', 'uuid.rfc4122', 'http.send', 'net.lookup_ip_addr', 'opa.runtime'];
    for (const name of needed) expect(BUILTINS[name]?.is).toBe('refused');
  });
});
