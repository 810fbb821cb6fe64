import type { Draft, World } from './finding.ts';

/** What is written and does nothing misleads whoever reviews it. */
export function* lintIdle({ file, matrix }: World): Generator<Draft> {
  const hops = [...matrix.hops.values()];
  for (const { id, match } of hops) {
    if (!match.mcp?.methods.includes('tools/call') || match.mcp.tools.length > 0) continue;
    const message = 'permits tools/call and names no tool, so that every call is refused; name the tools';
    yield { rule: 'mcp-no-tools', severity: 'error', hop: id, keys: ['hops', id, 'match', 'mcp'], message };
  }
  for (const name of Object.keys(file.agents)) {
    if (hops.some(({ agents }) => agents.some((agent) => agent.name === name))) continue;
    const message = `agent "${name}" may come to no row; remove it, or name it in one`;
    yield { rule: 'unused', severity: 'warning', keys: ['agents', name], message };
  }
  for (const [name, { kind }] of Object.entries(file.authorities)) {
    // The mesh CA is behind every certificate, also where no row names it.
    if (kind === 'spiffe' || hops.some(({ credential }) => credential.authority.name === name)) continue;
    const message = `authority "${name}" issues nothing that a row accepts; remove it`;
    yield { rule: 'unused', severity: 'warning', keys: ['authorities', name], message };
  }
}
