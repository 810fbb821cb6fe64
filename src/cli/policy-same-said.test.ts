import { expect, it } from 'vitest';
import { isSameSaid } from './policy-same-said.ts';

const [a, b] = [
  { code: 'a', message: 'x' },
  { message: 'y', code: 'b' },
];

it.each([
  [{ allow: true, reasons: [a, b] }, { allow: true, reasons: [b, a] }, true],
  [{ allow: true, reasons: [{ code: 'b', message: 'y' }] }, { allow: true, reasons: [b] }, true],
  [{ allow: true, reasons: [a, a] }, { allow: true, reasons: [a] }, false],
  [{ allow: true, reasons: [a] }, { allow: false, reasons: [a] }, false],
  [
    { allow: true, reasons: [a], headers: { x: ['1', '2'] } },
    { allow: true, reasons: [a], headers: { x: ['2', '1'] } },
    false,
  ],
  [[a, b], [b, a], false],
  [undefined, {}, false],
  [1, 1, true],
])('%j and %j are the same: %s [P17]', (one, other, isSame) => {
  expect(isSameSaid(one, other)).toBe(isSame);
});
