/** A TCP server behind Envoy that greets whoever connects. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export const GREETING = '+hello';

export interface Greeter {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startGreeter(): Promise<Greeter> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume().end(GREETING);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
