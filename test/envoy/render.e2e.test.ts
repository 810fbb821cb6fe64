/** What `behalf envoy render` writes, read by Envoy itself. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findTool } from '../../scripts/find-tool.js';
import { RENDER_DEFAULTS, type RenderOptions } from '../../src/envoy/options.ts';
import { renderEnvoy } from '../../src/envoy/render.ts';
import { loadMatrix } from '../../src/matrix/compile.ts';
import type { Matrix } from '../../src/matrix/hop.ts';
import { parsePathTemplate } from '../../src/matrix/path-template.ts';
import { createAuthority, issueSvid } from '../fakes/ca.ts';
import { EVERY_PROTOCOL, matrixOf, row } from '../fakes/every-protocol.ts';
import { describeWithEnvoy } from './with-envoy.ts';

/** Two rows of one MCP endpoint: one alone opens streams and ends sessions. */
const session = () => {
  const match = { path: parsePathTemplate('/mcp') };
  return matrixOf([
    row('session', {
      protocol: 'mcp',
      match: { ...match, methods: ['POST', 'GET', 'DELETE'], mcp: { methods: ['initialize'], tools: [] } },
    }),
    row('call', {
      protocol: 'mcp',
      match: { ...match, methods: ['POST'], mcp: { methods: ['tools/list', 'tools/call'], tools: ['search'] } },
    }),
  ]);
};
const demo = () => loadMatrix(fileURLToPath(new URL('../../demo/matrix.yaml', import.meta.url)));

describeWithEnvoy('behalf envoy render', () => {
  const folder = mkdtempSync(join(tmpdir(), 'render-'));
  const tls = { cert: join(folder, 's.pem'), key: join(folder, 's.key'), ca: join(folder, 'ca.pem') };
  let options: RenderOptions;

  beforeAll(() => {
    const root = createAuthority();
    const server = issueSvid(root, { dns: ['erp.acme.example'] });
    writeFileSync(tls.cert, server.certificate);
    writeFileSync(tls.key, server.key);
    writeFileSync(tls.ca, root.certificate);
    options = { ...RENDER_DEFAULTS, tls, upstreamCa: tls.ca, upstreams: new Map([['db.direct', '10.0.0.9:5432']]) };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<[string, () => Matrix]>([
    ['the matrix of the demo', demo],
    ['a row of every protocol', () => matrixOf(EVERY_PROTOCOL)],
    ['mcp rows with different methods', session],
    ['a row of every protocol, found by match', () => matrixOf(EVERY_PROTOCOL, 'match')],
  ])('writes what Envoy takes, without a deprecated field, for %s', (_, matrix) => {
    const file = join(folder, 'envoy.yaml');
    writeFileSync(file, renderEnvoy(matrix(), options).yaml);
    const run = spawnSync(findTool('envoy') ?? '', ['--mode', 'validate', '-c', file], { encoding: 'utf8' });
    expect(run.stderr + run.stdout).toContain('OK');
    expect(run.stderr).not.toContain('deprecated');
    expect(run.status).toBe(0);
  });
});
