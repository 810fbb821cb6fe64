import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createLog } from '../log.ts';
import { loadShadow } from './load-shadow.ts';

const told: string[] = [];
const log = createLog({ sink: { write: (line) => void told.push(line) } });
const shipped = fileURLToPath(new URL('../../policies/bundle.tar.gz', import.meta.url));
const settings = { entrypoint: 'behalf/authz/decision', keys: {} };

it('loads a candidate as the live policy is loaded', async () => {
  const shadow = { bundle: shipped, sample: 0.5 };
  expect(await loadShadow({ ...settings, budget: 20_000, shadow }, { epoch: 3, log })).toMatchObject({
    entrypoint: 'behalf/authz/decision',
    budget: 20_000,
    sample: 0.5,
    epoch: 3,
  });
});

it('tells of one that does not load, and stops nothing [P09]', async () => {
  for (const bundle of ['/nowhere.tar.gz', fileURLToPath(import.meta.url)]) {
    const failed = await loadShadow({ ...settings, shadow: { bundle, sample: 1 } }, { epoch: 1, log });
    expect(failed).toHaveProperty('failure');
  }
  const unsigned = { ...settings, keys: { k: { file: '/nowhere.pem' } }, shadow: { bundle: shipped, sample: 1 } };
  expect(await loadShadow(unsigned, { epoch: 1, log })).toHaveProperty('failure');
  expect(told.filter((line) => line.includes('the shadow policy does not load'))).toHaveLength(3);
});

it('is none where none is named', async () => {
  expect(await loadShadow(settings, { epoch: 1, log })).toBeUndefined();
});
