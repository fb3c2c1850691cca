import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.ts';
import { runStep } from './step.ts';

/**
 * `npm test`: the static checks, then the real parts (built or fetched once, then cached), then every test.
 * With arguments, only vitest runs and takes them. The last line is `N passed, N failed, N skipped`.
 */
async function main(args: readonly string[]): Promise<number> {
  if (args.length > 0) return (await runStep('vitest', ['run', ...args], true)).status;
  const checks = await check();
  const parts = await runStep('node', ['test/servers/src/prepare.ts'], true);
  const results = await runTests();
  const failed = checks.failed + results.failed + (parts.status === 0 ? 0 : 1);
  console.log(`${checks.passed + results.passed} passed, ${failed} failed, ${results.skipped} skipped`);
  return failed === 0 ? 0 : 1;
}

async function runTests(): Promise<{ passed: number; failed: number; skipped: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  try {
    const report = join(folder, 'report.json');
    const { status } = await runStep(
      'vitest',
      ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      true,
    );
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
