/** The verbs of a policy author, run as typed, with real OPA. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, runWithOpa } from '../../test/fakes/run-cli.ts';
import { fullTrail } from '../../test/fakes/trail.ts';
import { describeWithOpa } from '../../test/fakes/with-opa.ts';
import { EXAMPLE_INPUT } from '../../test/fixtures/policy-input.ts';
import { unpackBundle } from '../policy/bundle-archive.ts';
import { verifySignature } from '../policy/signature.ts';
import { readSigningKey } from '../policy/signing-key.ts';
import { keptInput } from '../provenance/kept-input.ts';
import { recordOf } from '../provenance/record.ts';

const ROOT = mkdtempSync(join(tmpdir(), 'behalf-author-'));
const FIXTURE = join(ROOT, 'example.json');
writeFileSync(FIXTURE, JSON.stringify(EXAMPLE_INPUT));

const DECISION = `package behalf.authz

# METADATA
# entrypoint: true
`;

/** A folder of Rego with one file. */
function folderOf(rego: string, head = DECISION): string {
  const folder = mkdtempSync(join(ROOT, 'rego-'));
  writeFileSync(join(folder, 'authz.rego'), `${head}${rego}\n`);
  return folder;
}

const ALLOW = 'decision := {"allow": true, "reasons": []}';
const READS_HEADER = `decision := {"allow": object.get(input.request.headers, "x-any", "") == "a", "reasons": []}`;

async function initialised(): Promise<string> {
  const folder = join(mkdtempSync(join(ROOT, 'init-')), 'policy');
  await run('policy', 'init', folder);
  return folder;
}

describe('behalf policy init', () => {
  it('makes a folder without asking, and says what comes next', async () => {
    const folder = join(ROOT, 'first', 'policy');
    const { code, out, err } = await run('policy', 'init', folder);
    expect(code).toBe(0);
    const named = out.trim().split('\n');
    expect(named).toContain(join(folder, 'authz.rego'));
    expect(named).toContain(join(folder, 'lib', 'hop.rego'));
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    expect(err).toBe(`behalf: next: cd ${folder} && behalf policy test\n`);
    expect(readFileSync(join(folder, 'README.md'), 'utf8').match(/^\d\. `behalf policy /gm)).toHaveLength(5);
    // A candidate is not committed, and a signing key even less.
    expect(readFileSync(join(folder, '.gitignore'), 'utf8').split('\n')).toEqual(['*.tar.gz', '*.key', '']);
  });

  it('takes an empty folder, and leaves one alone that holds something', async () => {
    const folder = mkdtempSync(join(ROOT, 'init-'));
    expect(await run('policy', 'init', folder, '--json')).toMatchObject({ code: 0 });
    rmSync(join(folder, 'authz.rego'));
    const { code, err } = await run('policy', 'init', folder);
    expect({ code, err }).toEqual({
      code: 2,
      err: `behalf: ${folder} is not empty, and nothing in it is overwritten; name a new folder\n`,
    });
    expect(existsSync(join(folder, 'authz.rego'))).toBe(false);
  });
});

describeWithOpa('a folder made by behalf policy init', (opa) => {
  it('passes its own tests, its check, and the formatter', async () => {
    const folder = await initialised();
    expect(await runWithOpa('policy', 'test', folder)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/, 12 suite cells\): \d{2} passed/),
    });
    expect((await runWithOpa('policy', 'coverage', folder, '--threshold', '100')).code).toBe(0);
    const { code, out } = await runWithOpa('policy', 'check', folder);
    expect(out).toMatch(/: \d+ bytes as a bundle, 3 fixtures, nothing found\n$/);
    expect(code).toBe(0);
    expect(opa(folder, 'fmt', '--list', '.')).toEqual({ code: 0, said: '' });
  });

  it('decides its fixtures as its README promises', async () => {
    const folder = await initialised();
    const outcomes = readdirSync(join(folder, 'fixtures')).map(async (name) => {
      const { out } = await runWithOpa(
        'policy',
        'eval',
        '--bundle',
        folder,
        '-i',
        join(folder, 'fixtures', name),
        '--json',
      );
      const { outcome, reasons } = JSON.parse(out) as { outcome: string; reasons: readonly { code: string }[] };
      return [name, outcome, reasons.map(({ code }) => code).join()];
    });
    expect(await Promise.all(outcomes)).toEqual([
      ['delete.yaml', 'deny', 'action_not_permitted'],
      ['read.yaml', 'allow', 'action_permitted'],
      ['share.yaml', 'approval', 'approval_missing'],
    ]);
  });
});

describeWithOpa('behalf policy build', () => {
  it('makes the same bytes of the same Rego, and says which', async () => {
    const [one, other] = [join(ROOT, 'one.tar.gz'), join(ROOT, 'other.tar.gz')];
    const folder = folderOf(ALLOW);
    writeFileSync(join(folder, 'authz_test.rego'), 'package behalf.authz_test\n\ntest_x if true\n');
    const built = await runWithOpa('policy', 'build', folder, '-o', one, '--revision', 'r-7', '--json');
    const moved = folderOf(ALLOW);
    await runWithOpa('policy', 'build', moved, '-o', other, '--revision', 'r-7');
    expect(readFileSync(one).equals(readFileSync(other))).toBe(true);
    expect(JSON.parse(built.out)).toMatchObject({
      ok: true,
      path: one,
      revision: 'r-7',
      size: readFileSync(one).length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      entrypoints: ['behalf/authz/decision'],
      signed: null,
    });
    expect([...unpackBundle(readFileSync(one)).files.keys()].some((path) => path.includes('_test'))).toBe(false);
  });

  it.each([
    ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['EdDSA', () => generateKeyPairSync('ed25519')],
  ] as const)('signs with %s what its verification accepts [P10]', async (algorithm, generate) => {
    const { privateKey, publicKey } = generate();
    const folder = mkdtempSync(join(ROOT, 'signed-'));
    const [key, file, out] = [join(folder, 'key.pem'), join(folder, 'pub.pem'), join(folder, 'b.tar.gz')];
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
    const rego = folderOf(ALLOW);
    writeFileSync(join(rego, 'data.json'), '{"limits": {"one": 1.0, "two": 1e3, "name": "<ä>"}}');
    const signing = ['--signing-key', key, '--signing-alg', algorithm, '--key-id', 'ci', '--scope', 'prod'];
    expect(await runWithOpa('policy', 'build', rego, '-o', out, ...signing)).toMatchObject({ code: 0 });
    const keys = new Map([['ci', readSigningKey({ file, algorithm })]]);
    const files = unpackBundle(readFileSync(out));
    await expect(verifySignature(files, { keys, scope: 'prod' })).resolves.toMatch(/^[0-9a-f]{64}$/);
    await expect(verifySignature(files, { keys, scope: 'test' })).rejects.toThrow('policy.scope');
  });

  it('refuses a key that is none, before OPA takes its path for a secret [P10]', async () => {
    const missing = await runWithOpa('policy', 'build', folderOf(ALLOW), '--signing-key', join(ROOT, 'none.pem'));
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('none.pem cannot be read') });
    const wrong = await runWithOpa('policy', 'build', folderOf(ALLOW), '--signing-key', FIXTURE);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('is no private key in PEM') });
    const nothing = await runWithOpa('policy', 'build', folderOf(ALLOW), '--key-id', 'ci');
    expect(nothing).toMatchObject({ code: 2, err: expect.stringContaining('add --signing-key FILE') });
  });

  it('gives each compile error its place, exits with 3, and leaves the bundle that is there', async () => {
    const out = join(ROOT, 'kept.tar.gz');
    writeFileSync(out, 'kept');
    const folder = folderOf('decision := 1 if foo(1)\n\nz if bar(1)\n\nq if count(1, 2, 3)');
    const { code, err } = await runWithOpa('policy', 'build', folder, '-o', out);
    expect(code).toBe(3);
    const lines = err.trim().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^behalf: .*authz\.rego:\d+: rego_/);
    expect(readFileSync(out, 'utf8')).toBe('kept');
    expect(readdirSync(ROOT).filter((name) => name.startsWith('kept.'))).toEqual(['kept.tar.gz']);
  });

  it.each([
    ['does not parse', 'decision := ?', /authz\.rego:5: rego_parse_error: /],
    [
      'uses a builtin that is not here [P04]',
      'decision := http.send({})',
      /authz\.rego:5: .*undefined function http\.send/,
    ],
    ['has no such rule [P09]', 'other := 1', /behalf\/authz\/decision|entrypoint/],
  ])('refuses Rego that %s', async (_, rego, message) => {
    const out = join(ROOT, 'never.tar.gz');
    const { code, err } = await runWithOpa('policy', 'build', folderOf(rego), '-o', out);
    expect(err).toMatch(message);
    expect(code).toBe(3);
    expect(existsSync(out)).toBe(false);
  });

  it('refuses what OPA compiles and no process would load', async () => {
    const out = join(ROOT, 'never.tar.gz');
    const folder = folderOf(ALLOW);
    writeFileSync(join(folder, 'data.json'), `{"x": [${'1,'.repeat(3_000_000)}1]}`);
    const { code, err } = await runWithOpa('policy', 'build', folder, '-o', out);
    expect(err).toContain('data.json does not fit in the 64 MiB that a policy may use');
    expect(code).toBe(3);
    expect(existsSync(out)).toBe(false);
  });

  it('says which folder or file is missing', async () => {
    const gone = await runWithOpa('policy', 'build', join(ROOT, 'gone'));
    expect(gone).toMatchObject({ code: 2, err: expect.stringContaining('there is no such file') });
    const file = await runWithOpa('policy', 'build', FIXTURE);
    expect(file).toMatchObject({ code: 2, err: expect.stringContaining('is a file; name the folder') });
    const out = await runWithOpa('policy', 'build', folderOf(ALLOW), '-o', join(ROOT, 'gone', 'b.tar.gz'));
    expect(out).toMatchObject({ code: 2, err: expect.stringContaining('cannot be written') });
  });
});

describeWithOpa('behalf policy check', () => {
  const checked = async (
    rego: string,
  ): Promise<{ readonly code: number; readonly rules: readonly string[]; readonly out: string }> => {
    const { code, out } = await runWithOpa('policy', 'check', folderOf(rego), '-i', FIXTURE, '--json');
    const { findings } = JSON.parse(out) as { findings: readonly { severity: string; rule: string }[] };
    return { code, rules: findings.map(({ severity, rule }) => `${severity} ${rule}`), out };
  };

  it('finds nothing where nothing is wrong', async () => {
    expect(await checked(ALLOW)).toMatchObject({ code: 0, rules: [] });
  });

  it('refuses a negated builtin on untyped input, with its place, and exits with 4 [P03]', async () => {
    const rego =
      'decision := {"allow": ok, "reasons": []}\n\ndefault ok := false\n\nok if not startswith(input.subject.claims.team, "x")';
    const { code, out } = await runWithOpa('policy', 'check', folderOf(rego), '-i', FIXTURE);
    expect(code).toBe(4);
    expect(out).toMatch(/authz\.rego:9:7: error negated-builtin: startswith needs string, .*Add is_string\(/);
    expect(out).toMatch(/1 error, 0 warnings\n$/);
  });

  it.each([
    [
      'a misspelt member of input',
      'decision := {"allow": input.hopp.id == "x", "reasons": []}',
      ['error opa', 'error policy_undefined'],
    ],
    [
      'an undefined result [P01]',
      'decision := {"allow": true, "reasons": []} if input.hop.id == "no"',
      ['error policy_undefined'],
    ],
    ['a result of another shape [P02]', 'decision := {"allow": "yes", "reasons": []}', ['error policy_result_invalid']],
    [
      'an input that takes half the budget',
      `decision := {"allow": count([1 | some x in numbers.range(1, 100); some y in numbers.range(1, 100); x == y]) > 0, "reasons": []}`,
      ['warning budget'],
    ],
  ])('finds %s', async (_, rego, rules) => {
    expect((await checked(rego)).rules).toEqual(rules);
  });

  it('exits with 3 where nothing loads, and says why once', async () => {
    expect(await checked('decision := foo(1)')).toMatchObject({ code: 3, rules: ['error opa'] });
    expect(await checked('other := 1')).toMatchObject({ code: 3, rules: ['error bundle_invalid'] });
  });

  it('finds fixtures that no Check would make, and says where none are', async () => {
    const folder = folderOf(ALLOW);
    expect((await runWithOpa('policy', 'check', folder)).out).toContain('warning no-fixtures');
    mkdirSync(join(folder, 'fixtures'));
    writeFileSync(join(folder, 'fixtures', 'a.yaml'), 'version: 1\nhopp: {}\n');
    const { code, out } = await runWithOpa('policy', 'check', folder);
    expect(out).toMatch(/fixtures\/a\.yaml:2:1: error fixture: unknown key "hopp"; did you mean "hop"\?/);
    expect(code).toBe(4);
  });

  it('checks a bundle by what can be seen of one', async () => {
    const bundle = 'policies/bundle.tar.gz';
    const good = await run('policy', 'check', bundle, '-i', FIXTURE);
    expect(good).toMatchObject({ code: 0, out: expect.stringContaining('nothing found') });
    expect(good.err).toContain('its Rego is not judged');
    const elsewhere = await run('policy', 'check', bundle, '--entrypoint', 'a/b', '--json');
    expect(elsewhere.code).toBe(3);
    expect(JSON.parse(elsewhere.out)).toMatchObject({ ok: false, findings: [{ rule: 'bundle_entrypoint_missing' }] });
  });
});

describe('behalf policy eval', () => {
  const BUNDLE = ['--bundle', 'policies/bundle.tar.gz'];

  it('prints the result, and on stderr what was asked of what, and what a Check would make of it', async () => {
    const { code, out, err } = await run('policy', 'eval', ...BUNDLE, '-i', FIXTURE);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ allow: true, reasons: [{ code: 'action_permitted' }] });
    expect(err.split('\n')).toEqual([
      `behalf: input ${FIXTURE}`,
      expect.stringMatching(/^behalf: policy policies\/bundle\.tar\.gz at \S+, entrypoint behalf\/authz\/decision$/),
      'behalf: a Check would be allowed (action_permitted)',
      '',
    ]);
  });

  it('reads an input from stdin', () => {
    const args = ['bin/behalf.js', 'policy', 'eval', ...BUNDLE, '-i', '-', '--json'];
    const good = spawnSync(process.execPath, args, { input: JSON.stringify(EXAMPLE_INPUT), encoding: 'utf8' });
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, input: 'stdin', outcome: 'allow' });
    const bad = spawnSync(process.execPath, args, { input: 'version: 2', encoding: 'utf8' });
    expect(bad.status).toBe(2);
    expect(bad.stdout).toContain('stdin:1:');
  });

  it('takes the policy of the configuration', async () => {
    const config = ['--config', 'demo/behalf.yaml', '--set', 'policy.entrypoint=behalf/authz/nothing'];
    const { code, err } = await run('policy', 'eval', ...config, '-i', FIXTURE);
    expect(code).toBe(3);
    expect(err).toContain('the policy is the one of demo/behalf.yaml');
    expect(err).toContain('it has no entrypoint behalf/authz/nothing');
  });

  it.each([
    ['no input', [], 'no input is named: add -i FILE'],
    ['two inputs', ['-i', FIXTURE, '--decision', 'x'], 'leave one out'],
    ['a decision without records', ['--decision', 'x'], 'add --records FILE'],
  ])('says what to add where there is %s', async (_, args, message) => {
    const { code, err } = await run('policy', 'eval', ...BUNDLE, ...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('says what to add where no policy is named', async () => {
    const { code, err } = await run('policy', 'eval', '-i', FIXTURE);
    expect(code).toBe(2);
    expect(err).toContain('no policy is named: add --bundle');
  });

  it.each([
    ['a part of one', { version: 1, hop: {} }, /example-bad\.json:1:\d+: the key "peer" is missing/],
    ['one with a misspelt member', { ...EXAMPLE_INPUT, hopp: {} }, /unknown key "hopp"; did you mean "hop"/],
    ['a decision record', { decision_id: 'x', input: EXAMPLE_INPUT }, /use --decision ID --records FILE/],
    ['one with a level too many', { input: EXAMPLE_INPUT }, /leave out the key "input" around it/],
  ])('refuses as an input %s', async (_, value, message) => {
    const path = join(ROOT, 'example-bad.json');
    writeFileSync(path, JSON.stringify(value));
    const { code, err } = await run('policy', 'eval', ...BUNDLE, '-i', path);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

describeWithOpa('behalf policy eval of a folder', () => {
  it('never takes undefined for an answer: it exits with 4 and says why [P01]', async () => {
    const rego = 'decision := {"allow": true, "reasons": []} if input.hop.id == "no"';
    const { code, out, err } = await runWithOpa('policy', 'eval', '--bundle', folderOf(rego), '-i', FIXTURE);
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain('policy_undefined: behalf/authz/decision has no value for this input');
    expect(err).toContain('Write `default decision := ');
  });

  it.each([
    [
      'a result that is no decision [P02]',
      '{"allow": 1, "reasons": []}',
      'policy_result_invalid: allow must be true or false',
    ],
    [
      'a policy that runs away [P07]',
      '{"allow": count([1 | some x in numbers.range(1, 3000); some y in numbers.range(1, 3000); x == y]) > 0, "reasons": []}',
      'policy_timeout',
    ],
  ])('exits with 4 on %s', async (_, decision, message) => {
    const folder = folderOf(`decision := ${decision}`);
    const { code, err } = await runWithOpa('policy', 'eval', '--bundle', folder, '-i', FIXTURE);
    expect(code).toBe(4);
    expect(err).toContain(message);
  });

  it('asks another rule where told to', async () => {
    const folder = folderOf(`${ALLOW}\n\nother := {"allow": false, "reasons": []}`);
    const args = ['--bundle', folder, '--entrypoint', 'behalf/authz/other', '-i', FIXTURE];
    expect((await runWithOpa('policy', 'eval', ...args)).err).toContain('a Check would be denied: policy_denied');
  });
});

describeWithOpa('behalf policy eval of a recorded decision', () => {
  const RECORDS = join(ROOT, 'records.ndjson');
  const trail = fullTrail({ subjectLabel: 'person-1' });
  const ID = trail.decisionId;
  const labelOf = (): string => 'person-1';
  const recordFor = (isPlain: boolean, detail: 'redacted' | 'full'): string => {
    const kept = keptInput(trail, { detail, labelOf, isPlain });
    const parts = { place: {}, context: undefined, kept, digest: undefined };
    return `${JSON.stringify(recordOf(trail, parts as unknown as Parameters<typeof recordOf>[1]))}\n`;
  };
  const asked = (folder: string, ...more: readonly string[]): ReturnType<typeof run> =>
    runWithOpa('policy', 'eval', '--bundle', folder, '--decision', ID, '--records', RECORDS, ...more);

  it('lists exactly what was not recorded, and is sure of an answer that reads none of it', async () => {
    writeFileSync(RECORDS, `\n{"decision_id":"other"}\nno json ${ID}\n${recordFor(false, 'redacted')}`);
    const { code, out, err } = await asked(folderOf('decision := {"allow": input.hop.id != "", "reasons": []}'));
    expect(JSON.parse(out)).toMatchObject({ allow: true });
    expect(err).toContain(`input ${RECORDS}:4`);
    const { erased, masked } = JSON.parse(recordFor(false, 'redacted')) as Record<'erased' | 'masked', string[]>;
    expect(erased).toContain('/input/request/headers');
    expect(err).toContain(`not recorded, and taken for absent here: ${erased.join(', ')}\n`);
    expect(err).toContain(`recorded under another name: ${masked.join(', ')}\n`);
    expect(err).toContain('the rules read none of that: the answer is sound');
    expect(code).toBe(0);
  });

  it('calls an answer that reads what was not recorded a guess, and exits with 4', async () => {
    writeFileSync(RECORDS, recordFor(false, 'redacted'));
    const { code, err } = await asked(folderOf(READS_HEADER));
    expect(err).toContain('the rules read /input/request/headers, so that the answer is a guess');
    expect(code).toBe(4);
  });

  it('is sure where all was recorded', async () => {
    writeFileSync(RECORDS, recordFor(true, 'full'));
    const { code, err, out } = await asked(folderOf(READS_HEADER), '--json');
    expect(JSON.parse(out)).toMatchObject({ ok: true, notRecorded: [], masked: [], guessed: [], outcome: 'deny' });
    expect(err).toContain('it was decided then: ');
    expect(code).toBe(0);
  });

  it.each([
    ['is not there', '', 'there is no decision'],
    [
      'was made before policy',
      { authz: { outcome: 'deny', reason: 'token_format' }, input: { hop: { id: 'x' } } },
      'policy was not asked',
    ],
    [
      'lost a part that nothing can stand for',
      { authz: {}, input: { ...EXAMPLE_INPUT, time: undefined }, erased: ['/input/time'] },
      'is no whole input: input.time; it names as erased /input/time',
    ],
  ])('says why it cannot ask about a decision that %s', async (_, record, message) => {
    writeFileSync(RECORDS, record === '' ? '' : `${JSON.stringify({ decision_id: ID, ...(record as object) })}\n`);
    const { code, err } = await asked(folderOf(ALLOW));
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

describe('behalf policy bench', () => {
  const BUNDLE = ['--bundle', 'policies/bundle.tar.gz'];

  it('tells time, ticks, headroom and memory', async () => {
    const { code, out, err } = await run('policy', 'bench', ...BUNDLE, '-i', FIXTURE, '--count', '20', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out) as { budget: number; headroom: number; inputs: readonly Record<string, number>[] };
    const [{ p50 = 0, p99 = 0, max = 0, ticks = 0 } = {}] = report.inputs;
    expect(ticks).toBeGreaterThan(100);
    expect(report.headroom).toBeCloseTo(1 - ticks / report.budget, 9);
    expect(p50 <= p99 && p99 <= max && p50 > 0).toBe(true);
    expect(report).toMatchObject({
      ok: true,
      count: 20,
      memory: { rss: expect.any(Number) },
      inputs: [{ outcome: 'allow' }],
    });
    expect(err).toContain('20 evaluations');
  });

  it('prints a table, and what the dearest input leaves of the budget', async () => {
    const { out } = await run('policy', 'bench', ...BUNDLE, '-i', FIXTURE, '-i', FIXTURE, '--count', '5');
    expect(out.split('\n')).toHaveLength(6);
    expect(out).toMatch(/the dearest input leaves \d+\.\d % of it/);
  });

  it('demands an input and a sane count', async () => {
    expect(await run('policy', 'bench', ...BUNDLE)).toMatchObject({ code: 2 });
    const none = await run('policy', 'bench', ...BUNDLE, '-i', FIXTURE, '--count', '0');
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('whole number') });
  });
});

describeWithOpa('behalf policy bench of a fault', () => {
  it('exits with 4: what a fault costs says nothing', async () => {
    const folder = folderOf('decision := true if input.hop.id == "no"');
    const { code, err } = await runWithOpa('policy', 'bench', '--bundle', folder, '-i', FIXTURE, '--count', '2');
    expect(code).toBe(4);
    expect(err).toContain('is not decided: policy_undefined');
  });
});

describe('the verbs of a policy author', () => {
  it.each(['init', 'build', 'check', 'eval', 'bench'])('begin their help with examples: %s', async (verb) => {
    const { code, out } = await run('policy', verb, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Examples:\\n  behalf policy ${verb}`));
  });
});
