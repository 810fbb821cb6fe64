import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../log.ts';
import { type Admin, type ReadyReport, startAdmin } from './admin.ts';

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let report: ReadyReport;
let isBroken: boolean;
let admin: Admin;
const log = createLog({ level: 'silent' });
const provenance = { metricsText: () => '# TYPE behalf_check_total counter\n' };

function ready(): ReadyReport {
  if (isBroken) throw new Error('secret');
  return report;
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const [host, port] = admin.address.split(':');
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

beforeEach(async () => {
  isBroken = false;
  report = {
    ready: true,
    checks: [
      { name: 'policy', ok: true, detail: 'revision 3f2a' },
      { name: 'keys', ok: true, detail: '2 issuers' },
    ],
  };
  admin = await startAdmin({ address: '127.0.0.1:0', ready, provenance, log });
});
afterEach(() => admin.close());

describe('the admin port', () => {
  it('says on /healthz that the process runs, ready or not', async () => {
    report = { ready: false, checks: [] };
    expect(await ask('/healthz')).toMatchObject({ status: 200, body: 'ok\n' });
  });

  it('says on /readyz whether to send Checks, and on request why', async () => {
    expect(await ask('/readyz')).toMatchObject({ status: 200, body: 'ready\n' });
    report = { ready: false, checks: [{ name: 'policy', ok: false, detail: 'none is loaded' }] };
    expect(await ask('/readyz')).toMatchObject({ status: 503, body: 'not ready\n' });
    expect(await ask('/readyz?verbose')).toMatchObject({ status: 503, body: '[-]policy none is loaded\nnot ready\n' });
    const json = await ask('/readyz', { accept: 'application/json' });
    expect(JSON.parse(json.body)).toEqual(report);
    expect(json).toMatchObject({ status: 503, headers: { 'content-type': expect.stringContaining('json') as string } });
  });

  it('is not ready where readiness cannot be told, and does not say why to the world', async () => {
    isBroken = true;
    const answer = await ask('/readyz?verbose');
    expect(answer.status).toBe(503);
    expect(answer.body).not.toContain('secret');
  });

  it('gives the metrics in the type that Prometheus reads', async () => {
    const answer = await ask('/metrics');
    expect(answer).toMatchObject({ status: 200, body: provenance.metricsText() });
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('names its version', async () => {
    const { body } = await ask('/version');
    expect(JSON.parse(body)).toEqual({
      name: 'behalf',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      node: process.version,
    });
  });

  it.each(['/healthz', '/readyz', '/metrics', '/version', '/none'])('lets no one keep or guess %s', async (path) => {
    expect((await ask(path)).headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('answers 405 to %s', async (method) => {
    expect(await ask('/metrics', {}, method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('answers HEAD without a body, and 404 to what it does not have', async () => {
    expect(await ask('/metrics', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect((await ask('/admin')).status).toBe(404);
  });
});

describe('the Host header (threats W04)', () => {
  it.each(['localhost', 'LocalHost:9193', '127.0.0.1', '127.0.0.1:9193', '[::1]:9193', '127.8.8.8'])(
    'may be %s',
    async (host) => expect((await ask('/healthz', { host })).status).toBe(200),
  );

  it.each([
    'evil.example',
    'evil.example:9193',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example#localhost',
    '10.0.0.1',
    '0.0.0.0',
  ])('may not be "%s", on any path', async (host) => {
    for (const path of ['/healthz', '/metrics', '/none']) {
      expect((await ask(path, { host })).status).toBe(421);
    }
  });

  it('may be the address that the connection came to, where all are listened on', async () => {
    await admin.close();
    admin = await startAdmin({ address: '0.0.0.0:0', ready, provenance, log });
    expect((await ask('/healthz', { host: '127.0.0.1' })).status).toBe(200);
    expect((await ask('/healthz', { host: 'evil.example' })).status).toBe(421);
  });
});

describe('an address that cannot be listened on', () => {
  it.each([
    ['one in use', () => admin.address, /listen\.admin: cannot listen on .*EADDRINUSE.*stop it, or set listen\.admin/],
    ["another machine's", () => '192.0.2.1:0', /EADDRNOTAVAIL/],
    ['no address', () => 'everywhere', /is not an address\. Use host:port/],
  ])('is an error for people: %s', async (_, address, message) => {
    await expect(startAdmin({ address: address(), ready, provenance, log })).rejects.toThrow(message);
  });
});
