import { expect, it } from 'vitest';
import { createInputDigest } from './input-digest.ts';

const KEY = 'k'.repeat(32);
const INPUT = JSON.stringify({ subject: { id: 'anna', claims: { salary: 1000 } } });

it('names an input for whoever has the key, in every process', () => {
  expect(createInputDigest(KEY)(INPUT)).toBe(createInputDigest(KEY)(INPUT));
  expect(createInputDigest(KEY)(INPUT)).toMatch(/^[\w-]{43}$/);
  expect(createInputDigest(KEY)(INPUT.replace('1000', '1001'))).not.toBe(createInputDigest(KEY)(INPUT));
});

it('tells nobody else whether a guess is right [T07]', () => {
  expect(createInputDigest('o'.repeat(32))(INPUT)).not.toBe(createInputDigest(KEY)(INPUT));
  expect(createInputDigest(undefined)(INPUT)).not.toBe(createInputDigest(undefined)(INPUT));
});
