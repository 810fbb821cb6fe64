import { currencyDigits } from '../delegation/currency-digits.ts';
import type { Spent, StoredApproval, StoredGrant } from '../store/store.ts';

/** One grant for people: a line that says who may do what, and one for each thing that limits it. */
export function grantText(
  grant: StoredGrant & { readonly state: string; readonly spent: Spent; readonly approvals: readonly StoredApproval[] },
): string {
  const { id, state, subject, actor, actions, target, task, context, expiresAt, parent, version, approvals } = grant;
  const limits = Object.entries(context).map(([key, value]) => `${key}=${value}`);
  return [
    `${id}  ${state}  until ${new Date(expiresAt).toISOString()}`,
    `  ${actor} may ${actions.join(', ')} at ${target}`,
    `  for ${subject.id} (${subject.issuer}), task ${task}`,
    ...(limits.length === 0 ? [] : [`  only where ${limits.join(', ')}`]),
    ...budgetLines(grant),
    ...(parent === undefined ? [] : [`  narrows ${parent}`]),
    ...(version === 1 ? [] : [`  version ${version}`]),
    ...approvals.map(
      ({ id: approval, hop, approver, used }) => `  ${approval}: ${hop} approved by ${approver}${used ? ', used' : ''}`,
    ),
    '',
  ].join('\n');
}

function budgetLines({ budget, spent }: StoredGrant & { readonly spent: Spent }): string[] {
  const lines: string[] = [];
  if (budget?.calls !== undefined) lines.push(`  ${spent.calls} of ${budget.calls} calls used`);
  if (budget?.amount !== undefined) {
    const { limit, currency } = budget.amount;
    const inMajor = (minor: number) => (minor / 10 ** currencyDigits(currency)).toFixed(currencyDigits(currency));
    lines.push(`  ${inMajor(spent.amount)} of ${inMajor(limit)} ${currency} used`);
  }
  return lines;
}
