/** An AI agent's HTTP client: mTLS with its SVID, one connection per call, and the path sent exactly as written. */
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import type { Issued } from './ca.ts';

export interface Call {
  readonly port: number;
  readonly host: string;
  /** Default: GET. */
  readonly method?: string;
  readonly path: string;
  /** A list of values is sent as that many lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** TLS when given: the CA of the server's certificate, and what the caller shows. */
  readonly tls?: { readonly ca: string; readonly client?: Issued | undefined };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const GIVE_UP_MS = 10_000;

/** Sends one request to a loopback port. Rejects when the connection or its TLS handshake fails. */
export function call({ port, host, method = 'GET', path, headers = {}, body, tls }: Call): Promise<Answer> {
  const lines = Object.entries({ host, ...headers }).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => [name, value]),
  );
  const common = { host: '127.0.0.1', port, method, path, headers: lines, timeout: GIVE_UP_MS };
  return new Promise((resolve, reject) => {
    const request =
      tls === undefined
        ? httpRequest({ ...common, agent: new Agent({ keepAlive: false }) })
        : httpsRequest({
            ...common,
            agent: new TlsAgent({ keepAlive: false }),
            servername: host,
            ca: tls.ca,
            ...(tls.client === undefined ? {} : { cert: tls.client.certificate, key: tls.client.key }),
          });
    request.on('error', reject).on('timeout', () => request.destroy(new Error(`no answer within ${GIVE_UP_MS} ms`)));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.end(body);
  });
}
