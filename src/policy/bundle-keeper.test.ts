import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changed, filesOf, flat, manifestOf, packed, signed } from '../../test/fakes/policy-bundle.ts';
import { createLog } from '../log.ts';
import { type BundleKeeper, createBundleKeeper } from './bundle-keeper.ts';
import type { BundleSettings } from './bundle-settings.ts';

const POLICY = flat(filesOf());
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** Nobody listens there. */
const DOWN = 'http://127.0.0.1:1/bundle.tar.gz';

let folder: string;
let keepers: BundleKeeper[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-keeper-'));
  keepers = [];
  writeFileSync(join(folder, 'ours.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
});
afterEach(() => {
  for (const each of keepers) each.close();
});

/** As each process has one. */
function keeper(): BundleKeeper {
  const made = createBundleKeeper({ log: createLog({ level: 'silent' }), onOffer: () => Promise.resolve(false) });
  keepers.push(made);
  return made;
}

const settings = (more: Partial<BundleSettings> = {}): BundleSettings => ({
  bundle: join(folder, 'bundle.tar.gz'),
  entrypoint: 'behalf/authz/decision',
  keys: { k1: { file: join(folder, 'ours.pem') } },
  poll: 60,
  ...more,
});

/** Puts a signed bundle there, and has it live. */
async function take(by: BundleKeeper, revision: string, more?: Partial<BundleSettings>): Promise<void> {
  const files = changed(POLICY, { '.manifest': manifestOf({ revision }) });
  writeFileSync(join(folder, 'bundle.tar.gz'), packed(await signed(files, { key: privateKey })));
  await by.took(await by.load(settings(more)));
}

describe('the keeper of bundles', () => {
  it('is ready with a policy, and not before [P12]', async () => {
    const one = keeper();
    await one.load(settings({ bundle: DOWN }));
    expect(one.status()).toMatchObject({ ready: false });
    await take(one, '1');
    expect(one.status()).toMatchObject({ ready: true, detail: '1' });
  });

  it('verifies a bundle where there are keys [P10]', async () => {
    writeFileSync(join(folder, 'bundle.tar.gz'), packed(POLICY));
    await expect(keeper().load(settings())).rejects.toMatchObject({ code: 'bundle_unsigned' });
  });

  it('denies everything where no server has given a bundle yet [P12]', async () => {
    const policy = await keeper().load(settings({ bundle: DOWN }));
    expect(() => policy.evaluate('{}')).toThrow(expect.objectContaining({ code: 'not_ready' }));
  });

  it('keeps the policy that works where a reload names a server that is down [P12, Y05]', async () => {
    const one = keeper();
    await take(one, '1');
    await expect(one.load(settings({ bundle: DOWN }))).rejects.toThrow('cannot be reached');
    expect(one.status()).toMatchObject({ ready: true, detail: '1' });
  });

  it('knows what an earlier process replaced [P11]', async () => {
    const persist = join(folder, 'kept');
    const earlier = keeper();
    await take(earlier, 'aa', { persist });
    await take(earlier, 'bb', { persist });
    await expect(take(keeper(), 'aa', { persist })).rejects.toMatchObject({ code: 'bundle_downgrade' });
    await take(keeper(), 'aa', { persist, allowDowngrade: 'aa' });
  });
});
