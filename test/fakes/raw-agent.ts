/** An agent that sends bytes: HTTP/1.1 over mTLS, one request after the other on a connection that is kept as long as it lasts. */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Issued } from './ca.ts';

export interface RawAgentOptions {
  readonly port: number;
  readonly servername: string;
  readonly ca: string;
  readonly client: Issued;
}

/** `closed`: Envoy hung up without an answer. `silent`: nothing came in time. */
export type RawAnswer = number | 'closed' | 'silent';

export interface RawAgent {
  send(bytes: Buffer, method: string): Promise<RawAnswer>;
  close(): void;
}

const GIVE_UP_MS = 1500;

/** Connects when there is something to send. */
export function rawAgent(options: RawAgentOptions): RawAgent {
  let socket: TLSSocket | undefined;
  const drop = () => {
    socket?.destroy();
    socket = undefined;
  };
  return {
    send: async (bytes, method) => {
      if (socket === undefined || socket.destroyed || !socket.writable) socket = await open(options);
      const { status, isReusable } = await exchange(socket, bytes, method);
      if (!isReusable) drop();
      return status;
    },
    close: drop,
  };
}

async function open({ port, servername, ca, client }: RawAgentOptions): Promise<TLSSocket> {
  const tls = { ca, cert: client.certificate, key: client.key, ALPNProtocols: ['http/1.1'] };
  const socket = connect({ host: '127.0.0.1', port, servername, ...tls });
  socket.on('error', () => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

interface Exchange {
  readonly status: RawAnswer;
  readonly isReusable: boolean;
}

function exchange(socket: TLSSocket, bytes: Buffer, method: string): Promise<Exchange> {
  return new Promise((resolve) => {
    let received = '';
    const end = (status: RawAnswer, isReusable: boolean) => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      resolve({ status, isReusable });
    };
    const onClose = () => end(statusOf(received) ?? 'closed', false);
    const onData = (chunk: Buffer) => {
      // An interim answer is none.
      received = (received + chunk.toString('latin1')).replace(/^HTTP\/1\.1 1\d\d .*?\r\n\r\n/s, '');
      const length = answerLength(received, method);
      // More than one answer: something in the request was read as a second one. Start anew.
      if (length !== undefined)
        end(statusOf(received) ?? 'closed', length === received.length && !/^connection: close/im.test(received));
    };
    const timer = setTimeout(() => end('silent', false), GIVE_UP_MS);
    socket.on('data', onData).on('close', onClose);
    socket.write(bytes);
  });
}

function statusOf(text: string): number | undefined {
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}

/** How long a whole answer is; undefined while there is none. */
function answerLength(text: string, method: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const status = statusOf(text) ?? 0;
  const body = head + 4;
  if (method === 'HEAD' || status === 204 || status === 304) return body;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, body))?.[1];
  if (length !== undefined) return text.length >= body + Number(length) ? body + Number(length) : undefined;
  if (!/^transfer-encoding: chunked/im.test(text.slice(0, body))) return undefined;
  const last = text.indexOf('0\r\n\r\n', body);
  return last < 0 ? undefined : last + 5;
}
