import { Refusal } from '../refusals.ts';
import type { Reason } from './outcome.ts';

/** What a person must approve, as policy asks for it. */
export interface ApprovalDemand {
  /** JSON pointers (RFC 6901) into the request's body. */
  readonly fields: readonly string[];
  /** For the client: what to do. */
  readonly message: string;
}

/** What policy said, with its shape proven. */
export interface PolicyResult {
  readonly allow: boolean;
  readonly reasons: readonly Reason[];
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly approval: ApprovalDemand | undefined;
}

const MEMBERS = new Set(['allow', 'reasons', 'headers', 'scopes', 'metadata', 'approval']);
const MAX = { reasons: 16, headers: 8, metadata: 16, fields: 16 } as const;
const NONE: Readonly<Record<string, string>> = Object.freeze({});

const CODE = /^[a-z][a-z0-9_.-]{0,63}$/;
const METADATA_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
const HEADER_NAME = /^x-[a-z0-9_-]{1,62}$/;
/** Ours, and those by which Envoy and upstreams learn of the client. Judged after `_` became `-`, as many servers do. */
const FOREIGN_HEADER = /^x-(?:behalf|envoy|forwarded)-/;
/** RFC 9110 §5.5 field-vchar and inner spaces; no obs-text (threats E23). */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?$/;
const JSON_POINTER = /^(?:\/(?:[\x20-\x2e\x30-\x7d]|~[01]){1,64}){1,8}$/;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/** No controls, no bidirectional overrides, no lone surrogates, no line separators. */
const PRINTABLE = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

/**
 * Reads what policy said (design §6 “Output”; threats P02, P16). Anything but a decision is a fault of the policy, and
 * denies. Names and values in it could come from a claim, so that no message repeats them.
 * @param tokenScopes what `scopes` may not go beyond
 * @throws Refusal `policy_result_invalid`
 */
export function readResult(said: unknown, tokenScopes: readonly string[]): PolicyResult {
  if (!isObject(said)) throw invalid('the result', 'must be an object');
  for (const name in said) if (!MEMBERS.has(name)) throw invalid('the result', 'has a member that is not known');
  const { allow, reasons, headers, scopes, metadata, approval } = said;
  if (typeof allow !== 'boolean') throw invalid('allow', 'must be true or false');
  if (approval !== undefined && allow) throw invalid('approval', 'may only come with allow: false');
  if (scopes !== undefined) requireNarrowed(scopes, tokenScopes);
  return {
    allow,
    reasons: readReasons(reasons),
    headers: headers === undefined ? NONE : readHeaders(headers),
    metadata: metadata === undefined ? NONE : readMetadata(metadata),
    approval: approval === undefined ? undefined : readApproval(approval),
  };
}

function readReasons(reasons: unknown): readonly Reason[] {
  if (!Array.isArray(reasons) || reasons.length > MAX.reasons) {
    throw invalid('reasons', `must be a list of at most ${MAX.reasons}`);
  }
  for (const reason of reasons as readonly unknown[]) {
    if (!isObject(reason) || Object.keys(reason).length !== 2) throw invalid('reasons', 'must hold {code, message}');
    const { code, message } = reason;
    if (typeof code !== 'string' || !CODE.test(code)) throw invalid('reasons', 'has a code that is not lower_case');
    if (!isText(message, 256))
      throw invalid('reasons', 'has a message that is not printable text of 1 to 256 characters');
  }
  return reasons as readonly Reason[];
}

function readHeaders(headers: unknown): Readonly<Record<string, string>> {
  const entries = entriesOf(headers, 'headers', MAX.headers);
  for (const [name, value] of entries) {
    if (!HEADER_NAME.test(name)) throw invalid('headers', 'has a name that is not a lower-case x-… name');
    if (FOREIGN_HEADER.test(name.replaceAll('_', '-'))) throw invalid('headers', 'has a name that policy may not set');
    if (typeof value !== 'string' || !HEADER_VALUE.test(value)) {
      throw invalid('headers', 'has a value that is not visible ASCII of 1 to 512 characters');
    }
  }
  return headers as Readonly<Record<string, string>>;
}

function readMetadata(metadata: unknown): Readonly<Record<string, string>> {
  for (const [name, value] of entriesOf(metadata, 'metadata', MAX.metadata)) {
    if (!METADATA_NAME.test(name)) throw invalid('metadata', 'has a name that is not a plain word');
    if (value !== '' && !isText(value, 256)) {
      throw invalid('metadata', 'has a value that is not printable text of at most 256 characters');
    }
  }
  return metadata as Readonly<Record<string, string>>;
}

function readApproval(approval: unknown): ApprovalDemand {
  if (!isObject(approval) || Object.keys(approval).length !== 2) throw invalid('approval', 'must be {fields, message}');
  const { fields, message } = approval;
  if (!Array.isArray(fields) || fields.length > MAX.fields || !fields.every(isPointer)) {
    throw invalid('approval', `must list at most ${MAX.fields} JSON pointers as fields`);
  }
  if (!isText(message, 200)) throw invalid('approval', 'must have a printable message of 1 to 200 characters');
  return { fields, message };
}

/** No credential is exchanged yet, so a narrowed scope has no use; a widened one is wrong all the same. */
function requireNarrowed(scopes: unknown, tokenScopes: readonly string[]): void {
  if (!Array.isArray(scopes) || !scopes.every((scope) => tokenScopes.includes(scope as string))) {
    throw invalid('scopes', "must be some of the token's scopes");
  }
}

function entriesOf(value: unknown, member: string, max: number): [string, unknown][] {
  const entries = isObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined || entries.length > max)
    throw invalid(member, `must be an object of at most ${max} members`);
  return entries;
}

function isPointer(field: unknown): field is string {
  return typeof field === 'string' && JSON_POINTER.test(field);
}

/** The ASCII test comes first: it is several times cheaper than the other. */
function isText(value: unknown, max: number): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= max &&
    (PRINTABLE_ASCII.test(value) || PRINTABLE.test(value))
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(member: string, problem: string): Refusal {
  return new Refusal('policy_result_invalid', `${member} ${problem}`);
}
