import { Client, credentials } from '@grpc/grpc-js';
import { CHECK_PATH, decodeCheckResponse } from '../../src/wire.ts';

const READY_WITHIN_MS = 20_000;
const ANSWER_WITHIN_MS = 5000;

/**
 * Puts one CheckRequest to a server, waiting for it to listen, and says whether it allows.
 * @throws where there is no answer
 */
export async function isAllowed(address: string, message: Buffer): Promise<boolean> {
  const client = new Client(address, credentials.createInsecure());
  try {
    await new Promise<void>((resolve, reject) => {
      client.waitForReady(Date.now() + READY_WITHIN_MS, (error) => (error ? reject(error) : resolve()));
    });
    const answer = decodeCheckResponse(await ask(client, message));
    // Envoy takes an unset status for an allow; for a measurement it is no answer at all.
    return answer.status !== undefined && (answer.status?.code ?? 0) === 0;
  } finally {
    client.close();
  }
}

const same = (bytes: Buffer): Buffer => bytes;

function ask(client: Client, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      CHECK_PATH,
      same,
      same,
      message,
      { deadline: Date.now() + ANSWER_WITHIN_MS },
      (error, bytes) => {
        if (error === null && bytes !== undefined) resolve(bytes);
        else reject(error ?? new Error('no answer'));
      },
    );
  });
}
