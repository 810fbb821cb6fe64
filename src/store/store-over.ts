import { checkWrite } from './check-write.ts';
import type { FactsIndex } from './facts-index.ts';
import type { Store } from './store.ts';
import type { Answer, Operation, Write, Writes } from './write.ts';

/** What one kind of store brings; everything else is the same for all. */
export interface Backing extends Pick<Store, 'name' | 'isDurable' | 'staleness' | 'ready' | 'close'> {
  readonly now: () => number;
  /** Resolves to the write's answer once it is durable and in the index. */
  write(write: Write): Promise<Answer>;
}

/** Makes a store of an index, which answers its reads, and of what carries out its writes. */
export function storeOver(index: FactsIndex, backing: Backing): Store {
  const write = async <Op extends Operation>(op: Op, asked: Writes[Op]['asked']): Promise<Writes[Op]['answer']> =>
    backing.write(checkWrite(op, asked, backing.now()));
  return {
    name: backing.name,
    isDurable: backing.isDurable,
    grantsOf: (subject, actor) => index.grantsOf(subject, actor),
    grant: (id) => index.grant(id),
    lineage: (id) => index.lineage(id),
    spent: (id) => index.spent(id),
    isGrantRevoked: (id) => index.isGrantRevoked(id),
    approvalFor: (grant, hop, digest, now) => index.approvalFor(grant, hop, digest, now),
    revokedBy: (presented) => index.revokedBy(presented),
    grants: () => index.grants(),
    approvals: () => index.approvals(),
    revocations: () => index.revocations(),
    staleness: () => backing.staleness(),
    createGrant: (grant) => write('createGrant', grant),
    renewGrant: (id, expiresAt) => write('renewGrant', { id, expiresAt }),
    approve: (approval) => write('approve', approval),
    revoke: (target, { by, reason }) => write('revoke', { target, by, reason }),
    spend: (spending) => write('spend', spending),
    ready: () => backing.ready(),
    close: () => backing.close(),
  };
}
