import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Budget } from '../delegation/grant.ts';
import type { Hop, Matrix } from '../matrix/hop.ts';
import type { Store, StoredApproval, StoredGrant } from '../store/store.ts';
import { StartError } from './failure.ts';
import { grantText } from './grant-text.ts';
import { withStore } from './open-cli-store.ts';
import { reportText, revocationReport } from './revocation-report.ts';
import { type CommonOptions, type ExitCode, jsonLine, type Terminal } from './terminal.ts';

export interface CreateOptions extends CommonOptions {
  readonly id?: string;
  readonly issuer: string;
  readonly subject: string;
  readonly agent: string;
  readonly task: string;
  readonly action: readonly string[];
  readonly target: string;
  readonly context?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly expiresIn?: number;
  readonly calls?: number;
  readonly amount?: NonNullable<Budget['amount']>;
  readonly parent?: string;
}

/** One grant as `--json` shows it: what is stored, what became of it, and the approvals that wait for their use. */
interface Shown extends StoredGrant {
  readonly state: 'live' | 'revoked' | 'expired';
  readonly spent: { readonly calls: number; readonly amount: number };
  readonly approvals: readonly StoredApproval[];
}

/** Writes down what a subject allows an agent. @throws StartError where no row could ever use it, or it is refused */
export function createGrant(options: CreateOptions, terminal: Terminal): Promise<ExitCode> {
  return withStore(options, terminal, async ({ matrix, store }) => {
    requireUsable(options, matrix);
    const { calls, amount } = options;
    const budget =
      calls === undefined && amount === undefined ? undefined : { ...(calls && { calls }), ...(amount && { amount }) };
    const grant = await store.createGrant({
      id: options.id ?? `g-${randomUUID()}`,
      subject: { issuer: options.issuer, id: options.subject },
      actor: options.agent,
      task: options.task,
      actions: options.action,
      target: options.target,
      context: options.context ?? {},
      budget,
      expiresAt: endOf(options, store),
      parent: options.parent,
    });
    return show([shown(grant, store)], options, terminal);
  });
}

const DEFAULT_SECONDS = 3600;

function endOf({ expiresIn, parent }: CreateOptions, store: Store): number {
  const inherited = parent === undefined || expiresIn !== undefined ? undefined : store.grant(parent)?.expiresAt;
  return inherited ?? Date.now() + (expiresIn ?? DEFAULT_SECONDS) * 1000;
}

/** A grant that no row reads would be a promise that nothing keeps: it is refused, with what is there to choose from. */
function requireUsable({ issuer, agent, action, target, amount, context = {} }: CreateOptions, matrix: Matrix): void {
  const agents = matrix.agents.map(({ name }) => name);
  if (!agents.includes(agent)) throw new StartError(`--agent ${agent}: the matrix has ${agents.join(', ')}`);
  const rows = [...matrix.hops.values()].filter(
    ({ delegation }) => delegation.mode !== 'forbidden' && delegation.grant !== 'token',
  );
  if (rows.length === 0)
    throw new StartError('no row of the matrix reads stored grants (delegation.grant: stored or both)');
  for (const name of action) {
    const same = rows.filter(({ delegation }) => delegation.action === name);
    if (same.length === 0) {
      throw new StartError(
        `--action ${name}: the rows with stored grants have ${list(rows.map((row) => row.delegation.action))}`,
      );
    }
    const fits = same.filter(({ credential }) => credential.audience === target && credential.issuer === issuer);
    if (fits.length === 0) {
      throw new StartError(
        `--action ${name} is for ${list(same.map(({ credential }) => `--target ${credential.audience} --issuer ${credential.issuer}`))}`,
      );
    }
    if (amount !== undefined && !fits.some(readsJson)) {
      throw new StartError(`--amount: the rows with action ${name} have no JSON body to read it from`);
    }
    const keys = Object.keys(context).sort().join(', ');
    if (!fits.some(({ delegation }) => Object.keys(delegation.context).sort().join(', ') === keys)) {
      throw new StartError(
        `--action ${name} needs exactly these --context keys: ${list(fits.map(({ delegation }) => Object.keys(delegation.context).join(', ') || 'none'))}`,
      );
    }
  }
}

function readsJson({ protocol, match }: Hop): boolean {
  return (
    protocol !== 'grpc' && protocol !== 'tcp' && match.methods.some((method) => method !== 'GET' && method !== 'HEAD')
  );
}

export interface ListOptions extends CommonOptions {
  readonly subject?: string;
  readonly agent?: string;
  readonly all?: boolean;
}

/** Lists the live grants; with `all`, the dead ones too. */
export function listGrants(options: ListOptions, terminal: Terminal): Promise<ExitCode> {
  return withStore(options, terminal, async ({ store }) => {
    const grants = [...store.grants()]
      .filter(
        ({ subject, actor }) => (options.subject ?? subject.id) === subject.id && (options.agent ?? actor) === actor,
      )
      .map((grant) => shown(grant, store))
      .filter(({ state }) => options.all === true || state === 'live');
    return show(grants, options, terminal);
  });
}

/** Shows one grant whole. @throws StartError where there is none */
export function showGrant(id: string, options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  return withStore(options, terminal, async ({ store }) => show([shown(known(id, store), store)], options, terminal));
}

/** Lets a grant live longer, within its parent's time. */
export function renewGrant(
  id: string,
  options: CommonOptions & { readonly expiresIn: number },
  terminal: Terminal,
): Promise<ExitCode> {
  return withStore(options, terminal, async ({ store }) => {
    const grant = await store.renewGrant(id, Date.now() + options.expiresIn * 1000);
    return show([shown(grant, store)], options, terminal);
  });
}

export interface ApproveOptions extends CommonOptions {
  readonly hop: string;
  readonly digest: string;
  readonly by: string;
  readonly expiresIn: number;
}

/**
 * Writes down a person's yes to one request. The approver is never the one who acts (design §4).
 * @throws StartError where the approver is the agent, or the row knows no approvals
 */
export function approve(id: string, options: ApproveOptions, terminal: Terminal): Promise<ExitCode> {
  return withStore(options, terminal, async ({ matrix, store }): Promise<ExitCode> => {
    const grant = known(id, store);
    const hop = matrix.hops.get(options.hop);
    if (hop?.delegation.approval === undefined)
      throw new StartError(`--hop ${options.hop}: there is no such row, or it has no delegation.approval`);
    const names = (store.lineage(id) ?? [grant]).flatMap(({ actor }) => namesOf(actor, matrix));
    if (names.includes(options.by))
      throw new StartError(`--by ${options.by}: an agent cannot approve what it does itself; a person must`);
    const { by: approver, digest } = options;
    const expiresAt = Date.now() + options.expiresIn * 1000;
    const approval = await store.approve({
      id: `a-${randomUUID()}`,
      grant: id,
      hop: hop.id,
      digest,
      approver,
      expiresAt,
    });
    terminal.out(
      options.json
        ? jsonLine({ ok: true, approval })
        : `${approval.id} approved by ${approver}, for one use until ${new Date(expiresAt).toISOString()}\n`,
    );
    return 0;
  });
}

/** Kills a grant and all that descends from it, and says what lives until when. */
export function revokeGrant(
  id: string,
  options: CommonOptions & { readonly reason: string },
  terminal: Terminal,
): Promise<ExitCode> {
  return withStore(options, terminal, async ({ matrix, store }): Promise<ExitCode> => {
    // A grant that only tokens assert is not here, and can be revoked by its id all the same.
    if (![...matrix.hops.values()].some(({ delegation }) => delegation.grant === 'token')) known(id, store);
    const target = { kind: 'grant', id } as const;
    const revocation = await store.revoke(target, { by: userInfo().username, reason: options.reason });
    const report = revocationReport(revocation, { matrix, store });
    terminal.out(options.json ? jsonLine({ ok: true, ...report }) : reportText(report));
    return 0;
  });
}

/** Everything that an agent is called, so that it cannot approve under another name. */
function namesOf(name: string, { agents }: Matrix): readonly string[] {
  const agent = agents.find((each) => each.name === name);
  return agent === undefined ? [name] : [name, agent.spiffeId, ...Object.values(agent.clientIds)];
}

function known(id: string, store: Store): StoredGrant {
  const grant = store.grant(id);
  if (grant === undefined)
    throw new StartError(`there is no grant ${id}; behalf grants list --all shows those there are`);
  return grant;
}

function shown(grant: StoredGrant, store: Store): Shown {
  const state = isDead(grant, store) ? 'revoked' : Date.now() >= grant.expiresAt ? 'expired' : 'live';
  const approvals = [...store.approvals()].filter(({ grant: of }) => of === grant.id);
  return { ...grant, state, spent: store.spent(grant.id), approvals };
}

/** By itself, or because its subject, its agent or their issuer is revoked. */
function isDead({ id, subject, actor, createdAt }: StoredGrant, store: Store): boolean {
  const presented = {
    tokenId: '',
    keyId: undefined,
    issuer: subject.issuer,
    subject,
    agents: [actor],
    issuedAt: createdAt,
  };
  return store.isGrantRevoked(id) || store.revokedBy(presented) !== undefined;
}

function show(grants: readonly Shown[], { json }: CommonOptions, terminal: Terminal): ExitCode {
  if (json) terminal.out(jsonLine({ ok: true, grants }));
  else if (grants.length === 0) terminal.err('behalf: no grants; behalf grants list --all shows dead ones too\n');
  else terminal.out(grants.map(grantText).join('\n'));
  return 0;
}

function list(items: readonly string[]): string {
  return [...new Set(items)].join('; or ');
}
