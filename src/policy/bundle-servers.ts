import type { Logger } from '../log.ts';
import type { BundleSettings } from './bundle-settings.ts';
import type { Copy } from './source/persisted.ts';
import { createPoll, type Poll } from './source/poll.ts';
import { shownUrl } from './source/shown-url.ts';
import { readToken } from './source/token.ts';

export interface ServersOptions {
  readonly log: Logger;
  /**
   * Told of a bundle that a server has: builds a snapshot with it, and swaps that in.
   * @param during what that work is to be put into: while it lasts, and for it alone, the bundle is on offer
   * @returns whether it is live now
   */
  readonly onOffer: (during: <Result>(work: () => Promise<Result>) => Promise<Result>) => Promise<boolean>;
}

/** The bundle servers that are asked: one, but while a reload tries another. */
export interface BundleServers {
  /** The one of these settings, asked by nobody yet where it is new. */
  pollFor(settings: BundleSettings, left: Copy | undefined): Poll;
  /** The bundle that this one has and that is being tried. */
  offeredBy(poll: Poll): Copy | undefined;
  /** One that is asked. */
  asked(): Poll | undefined;
  /** Asks this one from now on, and no other. */
  askOnly(poll: Poll | undefined): void;
}

/** Asks nobody at first. */
export function createBundleServers({ log, onOffer }: ServersOptions): BundleServers {
  const polls = new Map<string, Poll>();
  let offered: { readonly poll: Poll; readonly copy: Copy } | undefined;

  function open({ bundle: url, token, poll: seconds }: BundleSettings, left: Copy | undefined): Poll {
    const poll = createPoll({
      url,
      pollMs: seconds * 1000,
      token: () => (token === undefined ? undefined : readToken(token)),
      held: left?.url === shownUrl(url) ? left : undefined,
      onBundle: (copy) =>
        onOffer(async (work) => {
          offered = { poll, copy };
          try {
            return await work();
          } finally {
            offered = undefined;
          }
        }),
      onFailure: (error, retryMs) =>
        log.warn({ error: error.message, retryMs: Math.round(retryMs) }, 'the bundle server gave no usable bundle'),
    });
    return poll;
  }

  return {
    pollFor: (settings, left) => {
      const key = JSON.stringify([settings.bundle, settings.token, settings.poll]);
      const poll = polls.get(key) ?? open(settings, left);
      polls.set(key, poll);
      return poll;
    },
    offeredBy: (poll) => (offered?.poll === poll ? offered.copy : undefined),
    asked: () => [...polls.values()].find(({ isStarted }) => isStarted),
    askOnly: (poll) => {
      for (const [key, other] of polls) {
        if (other === poll) continue;
        other.close();
        polls.delete(key);
      }
      poll?.start();
    },
  };
}
