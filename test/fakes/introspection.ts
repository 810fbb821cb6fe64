/** An introspection endpoint (RFC 7662) on a free loopback port: it says what a test tells it to, and counts. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What it says of a token: claims of the answer, or how else it answers. */
export type Say = (token: string) => object | 'hang' | ((response: ServerResponse) => void);

export interface IntrospectionEndpoint {
  readonly uri: string;
  /** The form and the authorization header of each question, in order. */
  readonly questions: readonly { readonly form: URLSearchParams; readonly authorization: string }[];
  answer(say: Say): void;
  stop(): Promise<void>;
}

const sayInactive: Say = () => ({ active: false });

export async function startIntrospection(): Promise<IntrospectionEndpoint> {
  const questions: { form: URLSearchParams; authorization: string }[] = [];
  let say = sayInactive;
  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await bodyOf(request));
    questions.push({ form, authorization: request.headers.authorization ?? '' });
    const said = say(form.get('token') ?? '');
    if (said === 'hang') return;
    if (typeof said === 'function') said(response);
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
  }
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/introspect`,
    questions,
    answer: (next) => {
      say = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
