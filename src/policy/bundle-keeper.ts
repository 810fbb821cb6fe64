import { shownPath } from '../config/problem.ts';
import type { Logger } from '../log.ts';
import { absentPolicy } from './absent.ts';
import { unpackBundle } from './bundle-archive.ts';
import { namingBundle } from './bundle-error.ts';
import type { BundleFiles } from './bundle-files.ts';
import { type BundleHistory, historyWith, requireForward } from './bundle-history.ts';
import { type BundleServers, createBundleServers, type ServersOptions } from './bundle-servers.ts';
import { type BundleSettings, readTrust } from './bundle-settings.ts';
import { type OpenedPolicy, openPolicy } from './open-policy.ts';
import type { Policy } from './policy.ts';
import { readBundleFiles } from './source/file.ts';
import { type Copy, openPersistence, type Persistence } from './source/persisted.ts';
import type { Poll } from './source/poll.ts';
import { shownUrl } from './source/shown-url.ts';

/** How the bundle is doing, for operators. */
export interface BundleStatus {
  /** Whether there is a policy at all. */
  readonly ready: boolean;
  readonly detail: string;
  /** Since the server last said that this is its bundle; undefined where there is no server, or no bundle. */
  readonly ageSeconds: number | undefined;
}

/** The bundles of one process, over all its reloads: which is in use, which were, and what the server has. */
export interface BundleKeeper {
  /**
   * Opens the bundle that the next snapshot is to have. Where a server has given none since the start, it is a policy that
   * denies everything.
   * @throws BundleError; Error where a key or the token cannot be read
   */
  load(settings: BundleSettings): Promise<Policy>;
  /** Says that the snapshot with this policy is live. Never rejects. */
  took(policy: Policy): Promise<void>;
  status(): BundleStatus;
  close(): void;
}

/** Keeps no bundle at first. */
export function createBundleKeeper(options: ServersOptions): BundleKeeper {
  return new Keeper(options);
}

/** An opened policy, with what must be known once it is live. */
interface Opened extends OpenedPolicy {
  readonly settings: BundleSettings;
  readonly isBack: boolean;
  readonly copy: Copy | undefined;
  readonly poll: Poll | undefined;
}

class Keeper implements BundleKeeper {
  readonly #log: Logger;
  readonly #servers: BundleServers;
  readonly #opened = new WeakMap<Policy, Opened>();
  #history: BundleHistory = { latest: undefined, superseded: [] };
  #persistence: { readonly folder: string; readonly store: Persistence; readonly copy: Copy | undefined } | undefined;
  #live: Opened | undefined;

  constructor(options: ServersOptions) {
    this.#log = options.log;
    this.#servers = createBundleServers(options);
  }

  async load(settings: BundleSettings): Promise<Policy> {
    await this.#openPersistence(settings.persist);
    if (isUrl(settings.bundle)) return this.#loadFromServer(settings);
    return namingBundle(shownPath(settings.bundle), async () =>
      this.#open(await readBundleFiles(settings.bundle), { settings, copy: undefined, poll: undefined }),
    );
  }

  async took(policy: Policy): Promise<void> {
    const taken = this.#opened.get(policy);
    if (taken === undefined) return;
    const { known, settings, isBack, copy, poll } = taken;
    const isNew = this.#live?.known.digest !== known.digest || this.#live.settings.persist !== settings.persist;
    if (isBack)
      this.#log.warn(
        { from: this.#history.latest?.revision, to: known.revision },
        'POLICY DOWNGRADED, as policy.allowDowngrade allows',
      );
    if (copy?.isFromDisk === true && this.#live === undefined) {
      this.#log.warn(
        { revision: known.revision },
        'the policy is the copy that an earlier process left, until the bundle server answers',
      );
    }
    this.#live = taken;
    this.#history = historyWith(known, this.#history);
    if (copy !== undefined && poll?.held?.bytes !== copy.bytes) poll?.hold(copy);
    this.#servers.askOnly(poll);
    if (isNew) await this.#persist(copy);
  }

  status(): BundleStatus {
    const poll = this.#live === undefined ? this.#servers.asked() : this.#live.poll;
    const failure = poll?.failure === undefined ? '' : `; the last download failed: ${poll.failure}`;
    if (this.#live === undefined) return { ready: false, detail: `none yet${failure}`, ageSeconds: undefined };
    const { revision } = this.#live.known;
    const ageSeconds = poll?.held && Math.max(0, (Date.now() - poll.held.confirmedAt) / 1000);
    const fromDisk = poll?.held?.isFromDisk === true ? ', the copy that an earlier process left' : '';
    return { ready: true, detail: `${revision}${fromDisk}${failure}`, ageSeconds };
  }

  close(): void {
    this.#servers.askOnly(undefined);
  }

  async #open(files: BundleFiles, parts: Pick<Opened, 'settings' | 'copy' | 'poll'>): Promise<Policy> {
    const { entrypoint, budget, allowDowngrade } = parts.settings;
    const opened = await openPolicy(files, { entrypoint, budget, trust: readTrust(parts.settings) });
    const isBack = requireForward(opened.known, this.#history, allowDowngrade);
    this.#opened.set(opened.policy, { ...opened, ...parts, isBack });
    return opened.policy;
  }

  /** What is on offer; else what is held, though verified anew, as keys may have changed; else what the server has now. */
  async #loadFromServer(settings: BundleSettings): Promise<Policy> {
    const poll = this.#servers.pollFor(settings, this.#live?.copy ?? this.#persistence?.copy);
    const open = (copy: Copy): Promise<Policy> =>
      namingBundle(shownUrl(settings.bundle), () => this.#open(unpackBundle(copy.bytes), { settings, copy, poll }));
    const offered = this.#servers.offeredBy(poll);
    if (offered !== undefined) return open(offered);
    if (poll.held !== undefined) {
      try {
        return await open(poll.held);
      } catch (err) {
        if (this.#live !== undefined) throw err;
        this.#log.error({ error: messageOf(err) }, 'the copy that an earlier process left is refused');
        poll.hold(undefined);
      }
    }
    if (!poll.isStarted) {
      try {
        return await open(await poll.first());
      } catch (err) {
        if (this.#live !== undefined) throw err;
        this.#log.error(
          { error: messageOf(err) },
          'there is no policy yet: everything is denied until the bundle server has one',
        );
      }
    }
    poll.start();
    return absentPolicy(settings.entrypoint);
  }

  async #openPersistence(folder: string | undefined): Promise<void> {
    if (folder === this.#persistence?.folder) return;
    this.#persistence = undefined;
    if (folder === undefined) return;
    const store = openPersistence(folder);
    let copy: Copy | undefined;
    try {
      const left = await store.read();
      copy = left?.copy;
      if (this.#live === undefined && left !== undefined) this.#history = left.history;
    } catch (err) {
      this.#log.error(
        { error: messageOf(err) },
        'what an earlier process left in policy.persist cannot be used: an older bundle would not be known as one',
      );
    }
    this.#persistence = { folder, store, copy };
  }

  async #persist(copy: Copy | undefined): Promise<void> {
    try {
      await this.#persistence?.store.write({ history: this.#history, copy });
    } catch (err) {
      this.#log.error(
        { error: messageOf(err) },
        'the bundle could not be written to policy.persist: a start without the server would not have it',
      );
    }
  }
}

function isUrl(bundle: string): boolean {
  return /^https?:/i.test(bundle);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
