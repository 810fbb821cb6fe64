import { type Command, InvalidArgumentError } from 'commander';
import { currencyDigits } from '../delegation/currency-digits.ts';
import type { Budget } from '../delegation/grant.ts';
import type { CommandParts } from './command-parts.ts';
import type { ApproveOptions, CreateOptions, ListOptions } from './grants.ts';
import type { RevokeOptions } from './revoke.ts';
import type { CommonOptions } from './terminal.ts';

/** Adds `grants` and its verbs. */
export function addGrants(program: Command, { terminal, done, common, examples }: CommandParts): void {
  const grants = program
    .command('grants')
    .description('What people allow agents: create, list, show, renew, approve, revoke.');
  common(grants.command('create'))
    .description('Write down what a subject allows an agent.')
    .addHelpText(
      'before',
      examples([
        'grants create --issuer https://idp.acme.example --subject alice --agent procurement --task t-1 --action invoices.read --target https://erp.acme.example --context region=eu',
        'grants create … --calls 20 --amount 5000:EUR:/amount --expires-in 8h',
      ]),
    )
    .requiredOption('--issuer <url>', 'who vouches for the subject: the iss of its tokens')
    .requiredOption('--subject <sub>', 'whom the agent acts for: the sub of the tokens')
    .requiredOption('--agent <name>', 'the agent, by its name in the matrix')
    .requiredOption('--task <id>', 'what it is for')
    .requiredOption('--action <action>', 'what it may do; repeatable', collect)
    .requiredOption('--target <audience>', 'where: the audience of the rows')
    .option('--context <key=value>', 'only where; repeatable', collectPair)
    .option('--expires-in <duration>', "how long: 30m, 8h (1h, or its parent's time)", seconds)
    .option('--calls <n>', 'at most so many calls', positive)
    .option('--amount <limit:currency:pointer>', 'at most so much in all: 5000:EUR:/amount', amount)
    .option('--parent <id>', 'the grant that it narrows')
    .option('--id <id>', 'its id, instead of a new one')
    .action(async (options: CreateOptions) => done(await (await import('./grants.ts')).createGrant(options, terminal)));
  common(grants.command('list'))
    .description('List the live grants.')
    .addHelpText('before', examples(['grants list', 'grants list --agent procurement --all --json']))
    .option('--subject <sub>', 'of this subject')
    .option('--agent <name>', 'of this agent')
    .option('--all', 'dead ones too')
    .action(async (options: ListOptions) => done(await (await import('./grants.ts')).listGrants(options, terminal)));
  common(grants.command('show'))
    .description('Show one grant whole.')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) =>
      done(await (await import('./grants.ts')).showGrant(id, options, terminal)),
    );
  addGrantChanges(grants, { terminal, done, common, examples });
}

function addGrantChanges(grants: Command, { terminal, done, common, examples }: CommandParts): void {
  common(grants.command('renew'))
    .description('Let a grant live longer, within its parent.')
    .addHelpText('before', examples(['grants renew g-17 --expires-in 8h']))
    .argument('<id>')
    .requiredOption('--expires-in <duration>', 'from now: 30m, 8h', seconds)
    .action(async (id: string, options: CommonOptions & { expiresIn: number }) =>
      done(await (await import('./grants.ts')).renewGrant(id, options, terminal)),
    );
  common(grants.command('approve'))
    .description("Write down a person's yes to one request. A refused request says which digest it needs.")
    .addHelpText(
      'before',
      examples(['grants approve g-17 --hop erp.payments.finalize --digest 3f2a… --by bob@acme.example']),
    )
    .argument('<id>')
    .requiredOption('--hop <row>', 'the row of the matrix')
    .requiredOption('--digest <hex>', 'what is approved: from the answer to the refused request', digest)
    .requiredOption('--by <person>', 'who approves; never the agent')
    .option('--expires-in <duration>', 'how long it waits for its one use', seconds, 900)
    .action(async (id: string, options: ApproveOptions) =>
      done(await (await import('./grants.ts')).approve(id, options, terminal)),
    );
  common(grants.command('revoke'))
    .description('Kill a grant and all that descends from it.')
    .addHelpText('before', examples(['grants revoke g-17 --reason "task is done"']))
    .argument('<id>')
    .requiredOption('--reason <text>', 'why, for the record')
    .action(async (id: string, options: RevokeOptions) =>
      done(await (await import('./grants.ts')).revokeGrant(id, options, terminal)),
    );
}

function collect(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, text];
}

function collectPair(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, key, value] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('It must be KEY=VALUE.');
  return { ...earlier, [key]: value };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function seconds(text: string): number {
  const [, number, unit = ''] = /^([1-9][0-9]{0,6})([smhd])$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must be a duration such as 30m or 8h.');
  return Number(number) * (UNITS[unit] ?? 1);
}

function positive(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

function digest(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new InvalidArgumentError('It must be the 64 hex digits that the refused request was told.');
  return text;
}

/** `5000:EUR:/amount`: the limit in the currency's major unit, and where the request says how much. */
function amount(text: string): NonNullable<Budget['amount']> {
  const [, major = '', fraction = '', currency, field] =
    /^([0-9]{1,12})(?:\.([0-9]{1,4}))?:([A-Z]{3}):(\/.+)$/.exec(text) ?? [];
  if (currency === undefined || field === undefined)
    throw new InvalidArgumentError('It must be LIMIT:CURRENCY:POINTER, such as 5000:EUR:/amount.');
  const digits = currencyDigits(currency);
  if (fraction.length > digits) throw new InvalidArgumentError(`${currency} has ${digits} decimals.`);
  return { limit: Number(major + fraction.padEnd(digits, '0')), currency, field };
}
