import { type Command, InvalidArgumentError } from 'commander';
import type { RevocationTarget } from '../store/store.ts';
import type { CommandParts } from './command-parts.ts';
import type { RevokeOptions } from './revoke.ts';

type OfIssuer = RevokeOptions & { readonly issuer: string };

/** One kind of revocation: how it is asked for, and what it means. `id` is the argument. */
interface Kind {
  readonly name: string;
  readonly about: string;
  readonly argument?: readonly [name: string, about: string];
  /** Whether `--issuer` is asked for. */
  readonly issuer?: 'required' | 'optional';
  readonly example: string;
  readonly target: (id: string, options: OfIssuer) => RevocationTarget;
}

const KINDS: readonly Kind[] = [
  {
    name: 'agent',
    about: 'One agent, whatever it shows.',
    argument: ['<name>', 'its name in the matrix'],
    example: 'revoke agent procurement --reason "acts oddly"',
    target: (name) => ({ kind: 'agent', name }),
  },
  {
    name: 'subject',
    about: 'Everything that acts for one subject.',
    argument: ['<sub>', 'the sub of its tokens'],
    issuer: 'required',
    example: 'revoke subject alice --issuer https://idp.acme.example --reason "left the company"',
    target: (id, { issuer }) => ({ kind: 'subject', issuer, id }),
  },
  {
    name: 'key',
    about: 'Everything that one key signed.',
    argument: ['<kid>', 'the kid of its tokens'],
    issuer: 'required',
    example: 'revoke key 2026-11 --issuer https://idp.acme.example --reason leaked',
    target: (kid, { issuer }) => ({ kind: 'key', issuer, kid }),
  },
  {
    name: 'issuer',
    about: 'Everything of one issuer.',
    argument: ['<url>', 'the iss of its tokens'],
    example: 'revoke issuer https://idp.acme.example --reason breached',
    target: (issuer) => ({ kind: 'issuer', issuer }),
  },
  {
    name: 'before',
    about: 'Every token and grant that was issued at or before a time.',
    argument: ['<time>', 'ISO 8601, or now'],
    issuer: 'optional',
    example: 'revoke before 2026-11-22T12:00:00Z --reason "laptop stolen"',
    target: (time, { issuer }: Partial<OfIssuer>) => ({
      kind: 'before',
      time: moment(time),
      ...(issuer !== undefined && { issuer }),
    }),
  },
];

/** Adds `revoke` and its kinds. */
export function addRevoke(program: Command, parts: CommandParts): void {
  const group = program
    .command('revoke')
    .description('Make a credential, a person, an agent or a key worthless, and say what lives until when.');
  addToken(group, parts);
  for (const kind of KINDS) addKind(group, kind, parts);
}

function addKind(group: Command, { name, about, argument, issuer, example, target }: Kind, parts: CommandParts): void {
  const command = parts
    .common(group.command(name))
    .description(about)
    .addHelpText('before', parts.examples([example]))
    .requiredOption('--reason <text>', 'why, for the record');
  if (argument !== undefined) command.argument(...argument);
  if (issuer === 'required') command.requiredOption('--issuer <url>', 'whose');
  if (issuer === 'optional') command.option('--issuer <url>', 'only of this issuer');
  command.action(async (id: string, options: OfIssuer) => {
    const { revoke } = await import('./revoke.ts');
    parts.done(await revoke(target(id, options), options, parts.terminal));
  });
}

/** A token is named by two options: its `jti` alone could be another issuer's too. */
function addToken(group: Command, { terminal, done, common, examples }: CommandParts): void {
  common(group.command('token'))
    .description('One token, by issuer and jti.')
    .addHelpText('before', examples(['revoke token --issuer https://idp.acme.example --jti 7f3 --reason leaked']))
    .requiredOption('--issuer <url>', 'its iss claim')
    .requiredOption('--jti <id>', 'its jti claim')
    .requiredOption('--reason <text>', 'why, for the record')
    .action(async (options: OfIssuer & { readonly jti: string }) => {
      const { tokenId } = await import('../identity/token-id.ts');
      const { revoke } = await import('./revoke.ts');
      done(await revoke({ kind: 'token', id: tokenId(options.issuer, { jti: options.jti }) }, options, terminal));
    });
}

function moment(text: string): number {
  const time = text === 'now' ? Date.now() : Date.parse(text);
  if (!Number.isFinite(time))
    throw new InvalidArgumentError('TIME must be ISO 8601, such as 2026-11-22T12:00:00Z, or now.');
  return time;
}
