import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderOf, shippedPolicies } from '../../test/fakes/policy-folder.ts';
import { recordLine } from '../../test/fakes/record-line.ts';
import { run } from '../../test/fakes/run-cli.ts';
import { fullTrail } from '../../test/fakes/trail.ts';
import { describeWithOpa } from '../../test/fakes/with-opa.ts';
import { EXAMPLE_INPUT, inputFor } from '../../test/fixtures/policy-input.ts';
import type { PolicyInput } from '../policy/input.ts';
import type { Explanation } from './policy-explain.ts';
import type { Because } from './policy-explain-because.ts';

function fileOf(input: unknown): string {
  const path = join(folderOf({}), 'input.json');
  writeFileSync(path, JSON.stringify(input));
  return path;
}

async function explain(
  folder: string,
  input: PolicyInput,
  ...more: readonly string[]
): Promise<Explanation & { code: number }> {
  const { code, out } = await run('policy', 'explain', folder, '--input', fileOf(input), '--json', ...more);
  return { ...(JSON.parse(out) as Explanation), code };
}

/** Every line of a tree, as `text` where it holds and `not text` where it does not. */
function told(because: readonly Because[]): readonly string[] {
  return because.flatMap((each) => [`${each.holds ? '' : 'not '}${each.text}`, ...told(each.because)]);
}

const COLLECTING = `package behalf.authz

decision := {"allow": count(denials) == 0, "reasons": [reason | some reason in denials | notes]}

denials contains {"code": "wrong_agent", "message": "Another agent."} if input.actor.agent != "buyer"

denials contains {"code": "too_late", "message": "Too late."} if {
	input.time > 1
	every claim in ["a", "b"] {
		not input.subject.claims[claim]
	}
}

notes contains {"code": "noted", "message": "Noted."} if input.version == 1
`;
const where = (rule: string, line: number) =>
  expect.objectContaining({
    rule,
    where: expect.stringMatching(new RegExp(`authz\\.rego:${line}$`)) as unknown,
  }) as unknown;

describeWithOpa('behalf policy explain', (opa) => {
  it('says of an allow what made it, and the conditions that held, down to the library', async () => {
    const { code, got, because, disagreement } = await explain(shippedPolicies(), EXAMPLE_INPUT);
    expect({ code, disagreement, outcome: got.outcome }).toEqual({
      code: 0,
      disagreement: undefined,
      outcome: 'allow',
    });
    expect(got.reasons).toMatchObject([
      { code: 'action_permitted', madeBy: [{ rule: 'behalf.authz.decision', isDefault: false }] },
    ]);
    const lines = told(because);
    expect(lines).toContain('behalf.authz.permitted');
    expect(lines.filter((line) => line.startsWith('not '))).toEqual([]);
  });

  it('says of a denial which default made it, and which conditions were false, with what they read', async () => {
    const { got, because, missed } = await explain(shippedPolicies(), inputFor('payments.delete'));
    expect(got).toMatchObject({ outcome: 'deny', refusal: 'policy_denied' });
    expect(got.reasons[0]?.madeBy).toMatchObject([{ rule: 'behalf.authz.decision', isDefault: true }]);
    expect(because).toEqual([]);
    expect(told(missed)).toContain('not behalf.authz.permitted');
    expect(JSON.stringify(missed)).toContain('{"path":"input.hop.action","value":"payments.delete"}');
  });

  it('puts the rule first that came nearest', async () => {
    const { subject } = EXAMPLE_INPUT;
    const reader = { ...inputFor('payments.draft'), subject: { ...subject, claims: { read_only: true } } };
    const lines = told((await explain(shippedPolicies(), reader)).missed);
    const [nearest] = lines.slice(lines.indexOf('not behalf.authz.permitted') + 1);
    expect(nearest).toContain('subject_may_write');
  });

  it('names the line of each collected reason, for allow and for deny', async () => {
    const folder = folderOf({ 'authz.rego': COLLECTING });
    const denied = await explain(folder, EXAMPLE_INPUT);
    expect(Object.fromEntries(denied.got.reasons.map(({ code, madeBy }) => [code, madeBy]))).toEqual({
      wrong_agent: [where('behalf.authz.denials', 5)],
      too_late: [where('behalf.authz.denials', 7)],
      noted: [where('behalf.authz.notes', 14)],
    });
    const allowed = await explain(folder, {
      ...EXAMPLE_INPUT,
      time: 0,
      actor: { id: 'x', agent: 'buyer', issuer: 'y' },
    });
    expect(allowed.got).toMatchObject({
      outcome: 'allow',
      reasons: [{ code: 'noted', madeBy: [where('behalf.authz.notes', 14)] }],
    });
  });

  it('explains a demand for approval, and a rule that says nothing at all', async () => {
    const approval = await explain(shippedPolicies(), inputFor('payments.finalize'));
    expect(approval.got).toMatchObject({ outcome: 'approval', reasons: [{ code: 'approval_missing' }] });
    const silent = folderOf({
      'authz.rego': 'package behalf.authz\n\ndecision := {"allow": true, "reasons": []} if input.time < 0\n',
    });
    const nothing = await explain(silent, EXAMPLE_INPUT);
    expect(nothing).toMatchObject({ code: 0, got: { outcome: 'fault', refusal: 'policy_undefined' }, because: [] });
    expect(told(nothing.missed)).toEqual(['not behalf.authz.decision', 'not input.time < 0']);
  });

  it('prints a tree of lines that an editor can open', async () => {
    const { out } = await run('policy', 'explain', shippedPolicies(), '-i', fileOf(inputFor('invoices.read')));
    expect(out).toMatch(
      /^allow\n {2}action_permitted {2}"procurement may do invoices\.read\."\n {4}made by behalf\.authz\.decision, .*authz\.rego:\d+\n/,
    );
    expect(out).toMatch(/\n {4}✓ .* {2}.*authz\.rego:\d+\n/);
    expect(out).toMatch(
      /\nDecided by Behalf's runtime, behalf\/authz\/decision at revision \S+, for .*input\.json; explained by OPA's interpreter\.\n$/,
    );
  });

  it('says so, with 4, where the bundle that decides is not what the sources say [P09]', async () => {
    const folder = shippedPolicies();
    const { code, disagreement, got } = await explain(
      folderOf({ 'authz.rego': COLLECTING }),
      EXAMPLE_INPUT,
      '--bundle',
      join(folder, 'bundle.tar.gz'),
    );
    expect({ code, outcome: got.outcome }).toEqual({ code: 4, outcome: 'allow' });
    expect(disagreement).toContain('OPA says {"allow":false');
  });

  it('says so where OPA fails, or our runtime does', async () => {
    const conflict =
      'package behalf.authz\n\ndecision := {"allow": true, "reasons": []} if input.version == 1\n\ndecision := {"allow": false, "reasons": []} if input.time > 0\n';
    const both = await explain(folderOf({ 'authz.rego': conflict }), EXAMPLE_INPUT);
    expect(both).toMatchObject({ code: 0, got: { outcome: 'fault', refusal: 'policy_trap' } });
    const other = folderOf({ 'authz.rego': conflict });
    const built = opa(other, 'build', '-t', 'wasm', '-e', 'behalf/authz/decision', '-o', 'x.tar.gz', '-b', '.');
    expect(built).toEqual({ code: 0, said: '' });
    const folder = folderOf({ 'authz.rego': conflict.replace('input.time > 0', 'input.time < 0') });
    const one = await explain(folder, EXAMPLE_INPUT, '--bundle', join(other, 'x.tar.gz'));
    expect(one).toMatchObject({ code: 4, got: { outcome: 'fault', refusal: 'policy_trap' } });
    expect(one.disagreement).toContain("Behalf's runtime fails: policy_trap");
  });

  it('explains a recorded decision, and says where that rests on what was not recorded', async () => {
    const trail = fullTrail();
    const records = join(folderOf({}), 'records.ndjson');
    const known = { place: { parent: undefined, trusted: false, link: undefined }, context: undefined, subject: 'x' };
    writeFileSync(records, recordLine(trail, known));
    const asked = async (rule: string) => {
      const rego = `package behalf.authz\n\ndecision := {"allow": true, "reasons": []} if ${rule}\n`;
      const question = ['--decision', trail.decisionId, '--records', records, '--json'];
      return await run('policy', 'explain', folderOf({ 'authz.rego': rego }), ...question);
    };
    const sound = await asked('input.version == 1');
    expect(JSON.parse(sound.out)).toMatchObject({ guessed: [], got: { outcome: 'allow' } });
    expect(sound).toMatchObject({ code: 0, err: expect.stringContaining('not recorded, and taken for absent here: ') });
    const guess = await asked('input.request.headers == {}');
    expect(guess).toMatchObject({ code: 4, err: expect.stringContaining('so that this is a guess') });
  });

  it.each([
    ['nothing to explain', [], 'say what is asked'],
    ['a decision without records', ['--decision', 'x'], 'say what is asked'],
    ['a part of an input', ['-i', fileOf({ version: 1 })], 'the key "hop" is missing'],
    ['no file', ['-i', 'nowhere.json'], 'nowhere.json: cannot be read'],
  ])('exits with 2 for %s', async (_, argv, problem) => {
    const { code, err } = await run('policy', 'explain', folderOf({ 'authz.rego': COLLECTING }), ...argv);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(problem) });
  });

  it('exits with 3 where the Rego does not compile', async () => {
    const folder = folderOf({ 'authz.rego': 'package behalf.authz\n\ndecision := x\n' });
    expect((await run('policy', 'explain', folder, '-i', fileOf(EXAMPLE_INPUT))).code).toBe(3);
  });
});
