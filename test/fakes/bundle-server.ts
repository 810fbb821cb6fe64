/** A bundle server, as OPA's documentation describes one, that can be told to lie, wait and fail. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface BundleServer {
  readonly url: string;
  /** The headers of each request so far. */
  readonly requests: readonly Readonly<Record<string, string | undefined>>[];
  /** What it has now; undefined is 404. Whoever waits is answered. */
  serve(bytes: Uint8Array | undefined): void;
  /** Lets it wait for a change where the client asks it to. */
  longPoll(isOn: boolean): void;
  /** Answers in place of it; undefined gives it back. */
  answer(handler: ((request: IncomingMessage, response: ServerResponse) => void) | undefined): void;
  stop(): Promise<void>;
}

const LONG_POLL_TYPE = 'application/vnd.openpolicyagent.bundles';

/** Starts one on a free loopback port. */
export async function startBundleServer(bytes?: Uint8Array): Promise<BundleServer> {
  let held = bytes;
  let isLong = false;
  let other: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const waiting = new Set<() => void>();
  const requests: Record<string, string | undefined>[] = [];
  const etagOf = (): string | undefined => held && `"${createHash('sha256').update(held).digest('hex')}"`;
  const give = (request: IncomingMessage, response: ServerResponse): void => {
    const etag = etagOf();
    const type = isLong ? LONG_POLL_TYPE : 'application/gzip';
    if (held === undefined || etag === undefined) response.writeHead(404).end('secret words of the server');
    else if (request.headers['if-none-match'] !== etag)
      response.writeHead(200, { etag, 'content-type': type }).end(held);
    else response.writeHead(304, { etag }).end();
  };
  const server = createServer((request, response) => {
    requests.push(request.headers as Record<string, string | undefined>);
    if (other !== undefined) return other(request, response);
    const wait = /wait=(\d+)/.exec(String(request.headers['prefer']))?.[1];
    if (!isLong || wait === undefined || request.headers['if-none-match'] !== etagOf()) return give(request, response);
    const answer = (): void => {
      waiting.delete(answer);
      clearTimeout(timer);
      give(request, response);
    };
    const timer = setTimeout(answer, Number(wait) * 1000);
    waiting.add(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bundles/behalf`,
    requests,
    serve: (next) => {
      held = next;
      for (const answer of waiting) answer();
    },
    longPoll: (isOn) => {
      isLong = isOn;
    },
    answer: (handler) => {
      other = handler;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
