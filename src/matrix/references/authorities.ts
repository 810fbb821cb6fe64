import type { MatrixFile } from '../schema.ts';
import type { Contradiction } from './contradiction.ts';
import { hint } from './hint.ts';

/** One issuer, one authority; and each has its keys in behalf.yaml. */
export function* checkAuthorities(
  { authorities }: MatrixFile,
  issuers: readonly string[] | undefined,
): Generator<Contradiction> {
  const owners = new Map<string, string>();
  for (const [name, authority] of Object.entries(authorities)) {
    if (authority.kind === 'spiffe') continue;
    const keys = ['authorities', name, 'issuer'];
    const other = owners.get(authority.issuer);
    if (other !== undefined)
      yield { keys, message: `is the issuer of authority "${other}" too; one identity has one authority` };
    owners.set(authority.issuer, name);
    if (issuers !== undefined && !issuers.includes(authority.issuer)) {
      yield { keys, message: `behalf.yaml has no issuers entry of this issuer${hint(authority.issuer, issuers)}` };
    }
  }
}
