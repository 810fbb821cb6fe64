import { at, has, type Say, type Spot } from './spot.ts';

export interface TlsRules {
  readonly say: Say;
  readonly about: string;
}

/** mTLS: the certificate of a caller is asked for and verified, or the caller has none (threats S09). */
export function lintTls(chain: Spot, secrets: ReadonlyMap<string, Spot>, { say, about }: TlsRules): void {
  const socket = at(chain, 'transport_socket');
  const tls = at(socket, 'typed_config', 'common_tls_context');
  if (!has(tls)) {
    say('no-mtls', has(socket) ? socket : chain, about);
    return;
  }
  const { contexts, isElsewhere } = validation(tls, secrets);
  const trusts = contexts.some((context) =>
    ['trusted_ca', 'ca_certificate_provider_instance', 'custom_validator_config'].some((name) =>
      has(at(context, name)),
    ),
  );
  if (!trusts && !isElsewhere) say('client-ca-missing', tls, about);
  for (const context of contexts) {
    const chainRule = at(context, 'trust_chain_verification');
    if (has(chainRule) && chainRule.value !== 'VERIFY_TRUST_CHAIN') say('client-unverified', chainRule, about);
    const expired = at(context, 'allow_expired_certificate');
    if (expired.value === true) say('client-unverified', expired, about);
  }
}

/** The validation contexts that count. `isElsewhere`: one comes over SDS from a source that is not in the file. */
function validation(
  tls: Spot,
  secrets: ReadonlyMap<string, Spot>,
): { readonly contexts: readonly Spot[]; readonly isElsewhere: boolean } {
  const combined = at(tls, 'combined_validation_context');
  const sds = [
    at(tls, 'validation_context_sds_secret_config'),
    at(combined, 'validation_context_sds_secret_config'),
  ].filter(has);
  const named = sds.map((one) => secrets.get(String(at(one, 'name').value)));
  const contexts = [
    at(tls, 'validation_context'),
    at(combined, 'default_validation_context'),
    ...named.flatMap((secret) => (secret === undefined ? [] : [at(secret, 'validation_context')])),
  ];
  const isElsewhere = sds.some((one, index) => named[index] === undefined && has(at(one, 'sds_config')));
  return { contexts: contexts.filter(has), isElsewhere };
}
