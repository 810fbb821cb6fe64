import { isLoopback, parseAddress } from '../address.ts';
import type { Config } from './schema.ts';

/** What is insecure, or surprising, about a config that is valid. Said loudly at start and by `behalf validate`. */
export function configWarnings({ listen, denials, provenance, issuers, policy }: Config): readonly string[] {
  const check = parseAddress(listen.check);
  return [
    check?.kind === 'tcp' && !isLoopback(check.host) && listen.tls === undefined
      ? `listen.check ${listen.check} can be reached from other machines without TLS: let only Envoy reach it, or set listen.check.tls`
      : '',
    denials.detail === 'full'
      ? 'denials.detail is full: refused clients learn which check stopped them; use class'
      : '',
    provenance.subject === 'plain'
      ? 'provenance.subject is plain: records and spans name people; use pseudonymous'
      : '',
    provenance.input === 'full'
      ? 'provenance.input is full: records hold claims, headers, queries, arguments and bodies as policy saw them; use redacted'
      : '',
    provenance.records === 'none'
      ? 'provenance.records is none: decisions leave no record; use stdout or file:PATH'
      : '',
    policy.unsigned === 'insecure'
      ? 'policy.unsigned is insecure: whoever has the bundle server, or its DNS, decides everything; set policy.keys'
      : '',
    policy.allowDowngrade === undefined
      ? ''
      : `policy.allowDowngrade lets the replaced policy ${policy.allowDowngrade} come back; take it out once that is done`,
    ...issuers
      .filter(({ tokenTypes }) => tokenTypes.includes('jwt'))
      .map(
        ({ issuer }) =>
          `issuers: ${issuer} has tokenTypes jwt: only the audience tells its access tokens from its ID tokens; let it issue at+jwt`,
      ),
    issuers.length === 0 ? 'no issuers: every token is refused' : '',
  ].filter((warning) => warning !== '');
}
