import { defineConfig } from 'vitest/config';

const seconds = 1000;
const globalSetup = ['test/one-temp-folder.ts'];

/**
 * `unit` and `fuzz` need nothing but Node and loopback; `parity` needs OPA, `envoy` and `fault` need Envoy (see
 * scripts/test.js).
 */
export default defineConfig({
  test: {
    coverage: { include: ['src/**/*.ts'], exclude: ['src/generated/**', 'src/**/*.test.ts'] },
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup,
          include: ['src/**/*.test.ts', 'protos/**/*.test.ts', 'test/*.test.ts', 'examples/**/*.test.ts'],
          testTimeout: 10 * seconds,
        },
      },
      {
        test: {
          name: 'parity',
          globalSetup,
          include: ['test/parity/**/*.test.ts'],
          testTimeout: 300 * seconds,
          hookTimeout: 60 * seconds,
        },
      },
      { test: { name: 'fuzz', globalSetup, include: ['test/fuzz/**/*.test.ts'], testTimeout: 600 * seconds } },
      {
        test: {
          name: 'envoy',
          globalSetup,
          include: ['test/envoy/**/*.e2e.test.ts'],
          testTimeout: 60 * seconds,
          hookTimeout: 60 * seconds,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'fault',
          globalSetup,
          include: ['test/fault/**/*.test.ts'],
          testTimeout: 60 * seconds,
          hookTimeout: 60 * seconds,
          fileParallelism: false,
        },
      },
    ],
  },
});
