import { defineConfig } from 'vitest/config';

const real = ['packages/*/src/**/*.real.test.ts', 'test/**/*.test.ts'];

/** Those that look at what else runs on the machine, stop it, or measure it. */
const alone = [
  'packages/agent/**/*.real.test.ts',
  'packages/engine/src/{drill,restore,sandbox}/**/*.real.test.ts',
  'test/e2e/{agent,bundle,fencing,fleet,restore}/**/*.test.ts',
  'test/e2e/cli/{control-plane,lost-journal}.test.ts',
  'test/{bench,servers}/**/*.test.ts',
];

// A first run may have to wait for servers that are being built.
const patience = { testTimeout: 120_000, hookTimeout: 900_000 };

/**
 * Three kinds of tests: `unit` sits beside the code and starts no etcd; `real` drives real servers, two files at a time,
 * since they wait much; `alone` does so one file after another.
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
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'real',
          include: real,
          exclude: [...alone, '**/node_modules/**'],
          ...patience,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'alone',
          include: alone,
          exclude: ['**/node_modules/**'],
          ...patience,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
