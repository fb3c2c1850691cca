import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.ts';
import { machineOfItsOwn } from './machine.ts';
import { runStep } from './step.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Files of `alone` that run at the same time, each on a machine of its own: they mostly wait. */
const lanes = 2;

/**
 * `npm test`: the static checks, then the real parts (built or fetched once, then cached), then every test.
 * With arguments, only vitest runs and takes them. The last line is `N passed, N failed, N skipped`.
 */
async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) return (await runStep('vitest', ['run', ...args], true)).status;
  const checks = await check();
  const parts = await runStep('node', ['test/servers/src/prepare.ts'], true);
  const results = [
    await runTests(['--project', 'unit', '--project', 'real']),
    ...(await runAlone()),
    { ...checks, skipped: 0 },
    { passed: 0, failed: parts.status === 0 ? 0 : 1, skipped: 0 },
  ];
  const sum = (of: keyof Counts): number => results.reduce((total, each) => total + each[of], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  return sum('failed') === 0 ? 0 : 1;
}

/** The tests that look at what else runs on their machine: each file gets one, or they run one after the other. */
async function runAlone(): Promise<Counts[]> {
  const machine = await machineOfItsOwn();
  if (machine === undefined) return [await runTests(['--project', 'alone'])];
  const { status, output } = await runStep(
    'vitest',
    ['list', '--project', 'alone', '--filesOnly', '--json'],
    false,
  );
  if (status !== 0) {
    console.log(output);
    return [{ passed: 0, failed: 1, skipped: 0 }];
  }
  // The long ones first, so that no lane is left with one at the end.
  const files = (JSON.parse(output) as { file: string }[])
    .map(({ file }) => file)
    .toSorted((one, other) => Number(other.includes('/e2e/')) - Number(one.includes('/e2e/')));
  const results: Counts[] = [];
  const lane = async (): Promise<void> => {
    for (let file = files.shift(); file !== undefined; file = files.shift())
      results.push(await runTests(['--project', 'alone', file], machine));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

/** @param machine the words before those of vitest that give it a machine; its output then comes when it has ended */
async function runTests(args: readonly string[], machine: readonly string[] = []): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const [command = '', ...words] = [...machine, 'vitest', 'run', ...reporters, ...args];
    const { status, output } = await runStep(command, words, machine.length === 0);
    process.stdout.write(output);
    // A vitest that could not even begin writes no report.
    if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
    const counts = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
    const failed = counts['numFailedTests'] ?? 0;
    return {
      passed: counts['numPassedTests'] ?? 0,
      failed: failed === 0 && status !== 0 ? 1 : failed,
      skipped: (counts['numPendingTests'] ?? 0) + (counts['numTodoTests'] ?? 0),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
