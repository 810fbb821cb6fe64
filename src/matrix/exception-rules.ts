/**
 * The rules of the matrix that a row may deviate from, where somebody owns that and it runs out (design §4). All but
 * `static-credential` are rules of `matrix lint`; that one says that the upstream knows no better than a fixed secret,
 * which no key of the row shows.
 */
export const EXCEPTION_RULES = [
  'unbound-sender',
  'static-credential',
  'credential-shared',
  'audience-reused',
  'revocation-missing',
  'revocation-slower',
  'lifetime-too-long',
  'svid-outlived',
] as const;
