/** Calls of compiled builtins that answer otherwise than OPA says, or than their author means (docs/divergences.md). */
import { type Expr, nameOf, type Term, written } from './policy-lint-ast.ts';
import type { Finding } from './policy-lint-finding.ts';
import { callsOf } from './policy-lint-scope.ts';

type Divergence = Pick<Finding, 'severity' | 'message'>;
/**
 * What is wrong with a call for what it is given; `texts` are those of its arguments that are literals, `sent` is one
 * that its sender chose.
 */
type Judge = (texts: readonly (string | undefined)[], sent: Term | undefined) => string | undefined;

const PATTERN: Judge = ([pattern = '']) => {
  const bare = withoutEscapes(pattern);
  if (/\(\?<\w/.test(bare)) return 'takes no (?<name>…), and is undefined: write (?P<name>…).';
  return /\\C/.test(pattern) ? 'takes \\C for a byte, and OPA takes it for none: write what is meant.' : undefined;
};

/** Literals that are wrong whatever they meet. */
const LITERALS: Readonly<Record<string, Judge>> = {
  'regex.match': PATTERN,
  'regex.is_valid': PATTERN,
  'regex.find_all_string_submatch_n': PATTERN,
  replace: ([, needle]) => (needle === '' ? 'does not end where it is to replace "".' : undefined),
  indexof: ([, needle]) => (needle === '' ? 'finds "" everywhere, and is an error in OPA.' : undefined),
  'glob.match': ([pattern = '']) =>
    /[()$]/.test(pattern.replace(/\[[^\]]*\]/g, ''))
      ? 'does not take (, ) and $ as they are: write [(], [)] and [$].'
      : undefined,
};

const ADDRESS: Judge = (_, sent) =>
  sent &&
  `takes texts such as "10.0.0.1/16x" for addresses, and ::ffff:10.0.0.1 for one of IPv6, and ${written(sent)} is its sender's. Write count(net.cidr_contains_matches(…)) > 0, which fails for both.`;
const VALIDITY: Judge = (_, sent) =>
  sent && `is true of more than is valid, and ${written(sent)} is its sender's. Do not decide on it.`;

/** What is read too laxly where a sender chose it. */
const SENT: Readonly<Record<string, Judge>> = {
  'net.cidr_contains': ADDRESS,
  'net.cidr_intersects': ADDRESS,
  'json.is_valid': VALIDITY,
  'base64.is_valid': VALIDITY,
  'base64url.is_valid': VALIDITY,
  to_number: (_, sent) =>
    sent &&
    `takes "-" and "1e400" for numbers, and ${written(sent)} is its sender's. Add regex.match("^[0-9]{1,9}$", ${written(sent)}) to this body, or have a number sent.`,
};

export interface DivergencesOptions {
  /** Whether the policy's author wrote a value, or a sender chose it. */
  readonly isOwn: (term: Term) => boolean;
  /** The body that a line is in: what it must match is there. */
  readonly body: readonly Expr[];
}

/** Finds the calls of a line whose answer is not to be relied on. */
export function divergencesIn(expr: Expr, { isOwn, body }: DivergencesOptions): readonly Divergence[] {
  const matched = new Set(body.flatMap(matchedBy));
  return callsOf(expr).flatMap(([ref, ...args]): readonly Divergence[] => {
    const name = nameOf(ref);
    const texts = args.map(({ type, value }) => (type === 'string' ? String(value) : undefined));
    const sent = args.find((arg) => !isOwn(arg) && !(name === 'to_number' && matched.has(written(arg))));
    const wrong = LITERALS[name]?.(texts, sent);
    if (wrong !== undefined) return [{ severity: 'error', message: `${name} ${wrong}` }];
    const lax = SENT[name]?.(texts, sent);
    return lax === undefined ? [] : [{ severity: 'warning', message: `${name} ${lax}` }];
  });
}

/** What a line matches against a pattern, as Rego writes it. */
function matchedBy(expr: Expr): readonly string[] {
  if (expr.negated === true) return [];
  return callsOf(expr).flatMap(([ref, , text]) => (nameOf(ref) === 'regex.match' && text ? [written(text)] : []));
}

/** A pattern without what stands for itself. */
function withoutEscapes(pattern: string): string {
  return pattern.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '');
}
