/** The codes of test/cases/at-the-port.yaml, each reached by a message, or a caller, that is not Envoy's. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { pino } from 'pino';
import { check, refuse } from '../../src/check.ts';
import type { RefusalCode } from '../../src/refusals.ts';
import { startCheckServer } from '../../src/server/listen.ts';
import { CHECK_PATH, decodeCheckResponse } from '../../src/wire.ts';
import { issueSvid } from '../fakes/ca.ts';
import { connect, reasonOf, serveChecks } from '../fakes/check-world.ts';
import type { CaseWorld } from './case-world.ts';

const GARBAGE = Buffer.from([0xff, 0xff, 0xff, 0xff]);
const same = (bytes: Buffer): Buffer => bytes;
/** attributes.request.http with one header in each encoding: `a: 1` and `a: 2`. */
const TWO_ENCODINGS = {
  attributes: {
    request: {
      http: {
        method: 'GET',
        host: 'erp.cases.example',
        path: '/',
        headers: { a: '1' },
        header_map: { headers: [{ key: 'a', raw_value: Buffer.from('2') }] },
      },
    },
  },
};

async function ask(address: string, bytes: Buffer): Promise<string> {
  const client = connect(address);
  const answer = await client.ask(bytes).finally(() => client.close());
  return reasonOf(decodeCheckResponse(answer));
}

/** How each is reached: the reason of the answer, from the metadata that Envoy would log. */
export function portAnswers(
  world: CaseWorld,
  encode: (message: object) => Buffer,
): Readonly<Partial<Record<RefusalCode, () => Promise<string>>>> {
  return {
    malformed_check_request: () => ask(world.address, GARBAGE),
    header_encoding_conflict: () => ask(world.address, encode(TWO_ENCODINGS)),
    overloaded: async () => {
      const server = await serveChecks({ parts: () => world.parts(), maxInFlight: 0 });
      const reason = await ask(server.address, encode({}));
      await server.drain();
      return reason;
    },
    caller_not_envoy: () => askAsStranger(world, encode({})),
  };
}

/** The check port with mTLS, and a caller whose certificate is good and not listed. */
async function askAsStranger(world: CaseWorld, bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'port-'));
  const own = issueSvid(world.certificates.own, { dns: ['localhost'] });
  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return `file:${join(folder, name)}`;
  };
  const tls = {
    cert: put('s.pem', own.certificate),
    key: put('s.key', own.key),
    clientCa: put('ca.pem', world.certificates.own.certificate),
  };
  const server = await startCheckServer({
    address: '127.0.0.1:0',
    tls: { ...tls, callers: ['spiffe://prod.acme.example/envoy'] },
    decider: {
      check: (message, trail) => check(message, trail, world.parts()),
      refuse,
    },
    record: () => {},
    maxInFlight: 10,
    isReady: () => true,
    log: pino({ level: 'silent' }),
  });
  const shown = world.certificates.show('support');
  const trusted = Buffer.from(world.certificates.own.certificate);
  const channel = credentials.createSsl(trusted, Buffer.from(shown?.key ?? ''), Buffer.from(shown?.certificate ?? ''));
  const client = new Client(server.address, channel, {
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.enable_http_proxy': 0,
  });
  try {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(CHECK_PATH, same, same, bytes, (error, reply) => {
        if (error === null) resolve(reply ?? Buffer.alloc(0));
        else reject(error);
      });
    });
    return reasonOf(decodeCheckResponse(answer));
  } finally {
    client.close();
    await server.drain();
    rmSync(folder, { recursive: true, force: true });
  }
}
