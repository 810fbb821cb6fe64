import { describe, expect, it } from 'vitest';
import { grpcTimeout } from './grpc-timeout.ts';

describe('grpc-timeout', () => {
  it.each([
    ['200m', 200],
    ['1S', 1000],
    ['2M', 120_000],
    ['1H', 3_600_000],
    ['1500u', 1.5],
    ['99999999n', 99.999999],
  ])('reads %s as %d ms', (header, ms) => {
    expect(grpcTimeout(header)).toBeCloseTo(ms, 9);
  });

  it.each([undefined, '', '200', 'm', '-1m', '1.5S', '200 m', '200ms', '123456789m', ['200m']])(
    'takes %j for no timeout, so that the usual budget counts [E03]',
    (header) => {
      expect(grpcTimeout(header)).toBeUndefined();
    },
  );
});
