import { type Authority, createAuthority, type Issued, issueSvid, type SvidOptions } from '../fakes/ca.ts';
import type { CertificateName } from './case-schema.ts';

/** Who vouches for whom in the cases. Envoy trusts all three; Behalf's own bundles say whose each trust domain is. */
export interface Certificates {
  readonly own: Authority;
  readonly partner: Authority;
  readonly stranger: Authority;
  /** Undefined for `none`. `brief` is made when it is asked for, and runs out within two seconds. */
  show(name: CertificateName): Issued | undefined;
}

export const PROXY = 'spiffe://prod.acme.example/ns/edge/sa/proxy';
const agent = (name: string): string => `spiffe://prod.acme.example/ns/agents/sa/${name}`;
const PARTNER = 'spiffe://partner.example/agents/partner';

type Made = Exclude<
  CertificateName,
  'none' | 'brief' | 'procurement-renewed' | 'by-stranger' | 'by-partner-ca' | 'partner'
>;

/** By the own authority. */
const OPTIONS: Readonly<Record<Made, SvidOptions>> = {
  procurement: { uris: [agent('procurement')] },
  support: { uris: [agent('support')] },
  nobody: { uris: [agent('nobody')] },
  'no-uri': { dns: [agent('procurement')] },
  'two-uris': { uris: [agent('procurement'), agent('support')] },
  'subject-uri': { cn: agent('procurement') },
  'bad-id': { uris: ['spiffe://prod.acme.example/ns/agents/../procurement'] },
  'other-domain': { uris: ['spiffe://evil.example/ns/agents/sa/procurement'] },
  'near-domain': { uris: ['spiffe://prod.acme.example.evil.example/ns/agents/sa/procurement'] },
  ca: { uris: [agent('procurement')], ca: true },
  'no-usage': { uris: [agent('procurement')], keyUsage: null },
  huge: { uris: [agent('procurement')], dns: Array.from({ length: 300 }, (_, n) => `${'x'.repeat(50)}${n}.example`) },
  proxy: { uris: [PROXY] },
};

export function createCertificates(): Certificates {
  const [own, partner, stranger] = ['Own root', 'Partner root', 'Stranger root'].map((name) => createAuthority(name));
  if (own === undefined || partner === undefined || stranger === undefined) throw new TypeError('three roots');
  const made = new Map<CertificateName, Issued>(
    Object.entries(OPTIONS).map(([name, options]) => [name as Made, issueSvid(own, options)]),
  );
  made.set('procurement-renewed', issueSvid(own, OPTIONS.procurement));
  made.set('partner', issueSvid(partner, { uris: [PARTNER] }));
  made.set('by-stranger', issueSvid(stranger, OPTIONS.procurement));
  made.set('by-partner-ca', issueSvid(partner, OPTIONS.procurement));
  return {
    own,
    partner,
    stranger,
    show: (name) =>
      name === 'brief'
        ? issueSvid(own, { ...OPTIONS.procurement, notAfter: new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000) })
        : made.get(name),
  };
}
