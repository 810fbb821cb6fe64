/** Certificates that no SVID reader may accept, and text that is none (threats S04–S14). */
import { KeyUsageFlags } from '@peculiar/asn1-x509';
import { createAuthority, issueSvid, type SvidOptions } from '../fakes/ca.ts';
import type { Random } from './random.ts';

const authority = createAuthority();
const certificateKinds = new Map<string, string>();

export const CERTIFICATES: Readonly<Record<string, (id: string) => SvidOptions>> = {
  'two URI SANs': (id) => ({ uris: [id, 'spiffe://prod.acme.example/other'] }),
  'two URI SANs, the good one last': (id) => ({ uris: ['spiffe://prod.acme.example/other', id] }),
  'the same URI SAN twice': (id) => ({ uris: [id, id] }),
  'another trust domain': (id) => ({ uris: [id.replace('prod.', 'staging.')] }),
  'a trust domain that begins alike': (id) => ({ uris: [id.replace('.example', '.example.evil')] }),
  'a trust domain in capitals': (id) => ({ uris: [id.replace('prod', 'PROD')] }),
  'a trust domain with a port': (id) => ({ uris: [id.replace('.example', '.example:443')] }),
  'a trailing slash': (id) => ({ uris: [`${id}/`] }),
  'a dot segment': (id) => ({ uris: [id.replace('/sa/', '/sa/../sa/')] }),
  'a query': (id) => ({ uris: [`${id}?x`] }),
  'a NUL': (id) => ({ uris: [`${id}\u0000.evil`] }),
  'a DNS SAN spelled as a SPIFFE ID': (id) => ({ dns: [id] }),
  'a CN spelled as a SPIFFE ID': (id) => ({ cn: id }),
  'no SAN': () => ({}),
  'a past validity': (id) => ({ uris: [id], notAfter: new Date(Date.now() - 1000) }),
  'a future validity': (id) => ({ uris: [id], notBefore: new Date(Date.now() + 3_600_000) }),
  'a CA': (id) => ({ uris: [id], ca: true }),
  'no keyUsage': (id) => ({ uris: [id], keyUsage: null }),
  keyCertSign: (id) => ({ uris: [id], keyUsage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign }),
  'server use only': (id) => ({ uris: [id], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }),
};

export const PEMS: readonly ((pem: string, random: Random) => string)[] = [
  (pem) => encodeURIComponent(pem + pem),
  (pem) => encodeURIComponent(pem).repeat(2),
  (pem) => encodeURIComponent(pem.replaceAll('CERTIFICATE', 'PRIVATE KEY')),
  (pem) => encodeURIComponent(pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')),
  (pem) => encodeURIComponent(`${pem}-----BEGIN CERTIFICATE-----`),
  (pem) => encodeURIComponent(`Subject: CN=evil\n${pem}`),
  (pem) => encodeURIComponent(encodeURIComponent(pem)),
  (pem) => encodeURIComponent(pem).replace('%', '%%'),
  (pem) => encodeURIComponent(pem + 'x'.repeat(20_000)),
  (pem, random) => encodeURIComponent(pem.slice(0, random.below(pem.length))),
  (pem, random) => {
    const at = 28 + random.below(pem.length - 60);
    return encodeURIComponent(
      pem.slice(0, at) + random.pick(['A', 'Z', 'a', 'z', '0', '9', '+', '/', '=', '\n']) + pem.slice(at + 1),
    );
  },
  () => '',
  () => '%zz',
  () => 'Hash=abc;URI=spiffe://prod.acme.example/ns/agents/sa/procurement',
];

/** The certificate of that kind for that SPIFFE ID, URL-encoded; issued once. */
export function issued(kind: string, id: string): string {
  const key = `${kind} ${id}`;
  let certificate = certificateKinds.get(key);
  if (certificate === undefined) {
    certificate = encodeURIComponent(issueSvid(authority, CERTIFICATES[kind]?.(id) ?? {}).certificate);
    certificateKinds.set(key, certificate);
  }
  return certificate;
}
