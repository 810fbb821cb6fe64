import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { type LoadedConfig, loadConfig } from './load.ts';
import { ConfigError } from './problem.ts';
import { snapshotFiles } from './snapshot.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-config-'));
});

function load(yaml: string, env: Readonly<Record<string, string>> = {}): LoadedConfig {
  const path = join(folder, 'behalf.yaml');
  writeFileSync(path, yaml);
  return loadConfig({ path, env });
}

function problems(yaml: string): string {
  try {
    load(yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message).join('\n');
    throw error;
  }
  return '';
}

it('reads a shadow, and watches its file', () => {
  const { config } = load('policy: {bundle: b.tar.gz, shadow: {bundle: c.tar.gz}}\n');
  expect(config.policy.shadow).toEqual({ bundle: join(folder, 'c.tar.gz'), sample: 1 });
  expect(snapshotFiles(config)).toContain(join(folder, 'c.tar.gz'));
});

it.each([
  ['sample: 1.5', 'from 0 to 1'],
  ['sample: often', 'from 0 to 1'],
  ['share: 1', 'share'],
])('refuses a shadow with %s', (key, problem) => {
  expect(problems(`policy: {bundle: b.tar.gz, shadow: {bundle: c.tar.gz, ${key}}}\n`)).toContain(problem);
});

it('reads an upload with its secrets, which are references', () => {
  writeFileSync(join(folder, 'tenant'), 'acme\n');
  const upload = '{url: "https://logs.acme.example/logs", token: env:LOGS_TOKEN, headers: {x-tenant: file:tenant}}';
  const { config } = load(`policy: {bundle: b.tar.gz}\nprovenance: {upload: ${upload}}\n`, { LOGS_TOKEN: 'secret' });
  expect(config.provenance.upload).toEqual({
    url: 'https://logs.acme.example/logs',
    token: 'secret',
    headers: { 'x-tenant': 'acme' },
    chunkBytes: 1_048_576,
    every: 5,
    bufferBytes: 16_777_216,
  });
});

it.each([
  ['url: "http://logs.acme.example/logs"', 'https'],
  ['url: "https://user:pass@logs.acme.example/logs"', 'https'],
  ['url: "https://logs.acme.example/logs", token: hunter2', 'must be a reference'],
  ['url: "https://logs.acme.example/logs", headers: {x-key: hunter2}', 'must be a reference'],
  ['url: "https://logs.acme.example/logs", token: env:NOT_SET', 'NOT_SET is not set'],
])('refuses an upload with %s, and shows no secret [T07]', (upload, problem) => {
  const said = problems(`policy: {bundle: b.tar.gz}\nprovenance: {upload: {${upload}}}\n`);
  expect(said).toContain(problem);
  expect(said).not.toContain('hunter2');
});

it('shouts where records keep all that policy saw', () => {
  expect(load('policy: {bundle: b.tar.gz}\nprovenance: {input: full}\n').warnings.join()).toContain(
    'provenance.input is full',
  );
});
