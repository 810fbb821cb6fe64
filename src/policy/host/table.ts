/** How a builtin of OPA 1.22.2 is answered. */
export type BuiltinAnswer =
  /** By the module itself: OPA compiles it in. */
  | { readonly is: 'native' }
  /** By the host: one of `HOST_BUILTINS`. */
  | { readonly is: 'host' }
  /** Not at all: `opa build` leaves the call out, unless it is told otherwise. */
  | { readonly is: 'erased'; readonly instead: string }
  /** Not here: a bundle that needs it is refused when it is loaded (threats P04). */
  | { readonly is: 'refused'; readonly instead: string };

const NATIVE = `
  abs and array.concat array.flatten array.reverse array.slice assign base64.decode base64.encode base64.is_valid
  base64url.decode base64url.encode bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor ceil concat contains count div
  endswith eq equal floor format_int glob.match graph.reachable gt gte indexof internal.member_2 internal.member_3
  internal.template_string intersection is_array is_boolean is_null is_number is_object is_set is_string json.filter
  json.is_valid json.marshal json.remove json.unmarshal lower lt lte max min minus mul neq net.cidr_contains
  net.cidr_intersects numbers.range object.filter object.get object.keys object.remove object.union object.union_n or plus
  product regex.find_all_string_submatch_n regex.is_valid regex.match rego.metadata.chain rego.metadata.rule rem replace
  round sort split startswith strings.replace_n strings.reverse substring sum to_number trim trim_left trim_prefix
  trim_right trim_space trim_suffix type_name union upper walk`;

/** Those that Rego v1 has no more, and that are compiled in where a bundle of v0 calls them. */
const DEPRECATED_NATIVE = 'all any net.cidr_overlap re_match set_diff';

const HOST = `
  base64url.encode_no_pad crypto.hmac.equal crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256 crypto.hmac.sha512 crypto.md5
  crypto.sha1 crypto.sha256 glob.quote_meta graph.reachable_paths hex.decode hex.encode indexof_n io.jwt.decode
  json.marshal_with_options json.patch net.cidr_contains_matches net.cidr_expand net.cidr_is_valid net.cidr_merge
  numbers.range_step object.subset regex.find_n regex.replace regex.split regex.template_match semver.compare
  semver.is_valid sprintf strings.any_prefix_match strings.any_suffix_match strings.count strings.split_n time.add_date
  time.clock time.date time.diff time.format time.parse_duration_ns time.parse_ns time.parse_rfc3339_ns time.weekday
  units.parse units.parse_bytes urlquery.decode urlquery.decode_object urlquery.encode urlquery.encode_object uuid.parse`;

const ERASED = 'print internal.print internal.test_case';

const VERIFIED_BEFORE = 'read input.token, input.subject and input.actor: the token is verified before policy runs';
const REPEATABLE = 'decide on input alone: a decision must be repeatable';
const NO_CALLS = 'have what it fetches in data: a decision makes no calls';
const NO_KEYS = 'policy has no keys; the exchange signs what is sent on';

const REFUSED: readonly (readonly [names: string, instead: string])[] = [
  ['trace', 'see `behalf policy explain`'],
  ['time.now_ns', 'write input.time * 1000000000: a decision must come out the same when it is replayed'],
  ['rand.intn uuid.rfc4122', REPEATABLE],
  ['opa.runtime', 'have what it reads in data: policy sees no environment'],
  ['http.send net.lookup_ip_addr', NO_CALLS],
  ['providers.aws.sign_req io.jwt.encode_sign io.jwt.encode_sign_raw', NO_KEYS],
  [
    'io.jwt.decode_verify io.jwt.verify_eddsa io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512',
    VERIFIED_BEFORE,
  ],
  [
    'io.jwt.verify_hs256 io.jwt.verify_hs384 io.jwt.verify_hs512 io.jwt.verify_ps256 io.jwt.verify_ps384',
    VERIFIED_BEFORE,
  ],
  ['io.jwt.verify_ps512 io.jwt.verify_rs256 io.jwt.verify_rs384 io.jwt.verify_rs512', VERIFIED_BEFORE],
  [
    `crypto.x509.parse_and_verify_certificates crypto.x509.parse_and_verify_certificates_with_options
    crypto.x509.parse_certificate_request crypto.x509.parse_certificates crypto.x509.parse_keypair
    crypto.x509.parse_rsa_private_key`,
    'read input.peer: the certificate is verified before policy runs',
  ],
  ['crypto.parse_private_keys', NO_KEYS],
  ['uri.parse uri.is_valid', 'read input.request.host, path, segments and query'],
  ['yaml.is_valid yaml.marshal yaml.unmarshal', 'have it as JSON: OPA reads YAML 1.1, where `no` is false'],
  ['json.match_schema json.verify_schema', 'check types with is_string, is_number …'],
  ['strings.render_template', 'write string interpolation: $"{x} of {y}"'],
  ['regex.globs_match', 'use glob.match for each'],
  [
    `graphql.is_valid graphql.parse graphql.parse_and_verify graphql.parse_query graphql.parse_schema
    graphql.schema_is_valid rego.parse_module`,
    'work it out when the bundle is built, and have the result in data',
  ],
  ['cast_array cast_boolean cast_null cast_object cast_set cast_string', 'use is_array, is_boolean …, as Rego v1 does'],
];

/** Every builtin of OPA 1.22.2. docs/builtins.md and policies/capabilities.json say the same, and tests hold them to it. */
export const BUILTINS: Readonly<Record<string, BuiltinAnswer>> = Object.fromEntries<BuiltinAnswer>([
  ...wordsOf(NATIVE).map((name) => answered(name, { is: 'native' })),
  ...wordsOf(DEPRECATED_NATIVE).map((name) => answered(name, { is: 'native' })),
  ...wordsOf(HOST).map((name) => answered(name, { is: 'host' })),
  ...wordsOf(ERASED).map((name) => answered(name, { is: 'erased', instead: 'build without --wasm-include-print' })),
  ...REFUSED.flatMap(([names, instead]) => wordsOf(names).map((name) => answered(name, { is: 'refused', instead }))),
]);

function answered(name: string, answer: BuiltinAnswer): [string, BuiltinAnswer] {
  return [name, answer];
}

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}
