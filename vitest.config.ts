import { defineConfig } from 'vitest/config';

/**
 * Two kinds of tests: `unit` sits beside the code and starts no etcd; `real` drives real servers, so its
 * files run one after another on a small machine.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.real.test.ts', '**/node_modules/**'],
          // Against a hang, not against a slow machine.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'real',
          include: ['packages/*/src/**/*.real.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
