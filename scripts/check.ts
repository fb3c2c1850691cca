import { staleFiles } from './generate.ts';
import { runStep } from './step.ts';

/** The checks that need no server: each is a name and what it found (empty: nothing). */
const checks: readonly [string, () => Promise<string>][] = [
  ['format', async () => await found('oxfmt', ['--check', '.'])],
  ['lint', async () => await found('oxlint', ['--deny-warnings'])],
  ['types', async () => await found('tsc', ['--project', '.'])],
  ['dead code', async () => await found('knip', ['--no-progress'])],
  [
    'generated files',
    async () => (await staleFiles()).map((file) => `${file} is stale; run: npm run generate`).join('\n'),
  ],
];

async function found(command: string, args: readonly string[]): Promise<string> {
  const { status, output } = await runStep(command, args, false);
  return status === 0 ? '' : output || `${command} exited with ${status}`;
}

/** Runs every check and prints a line for each; returns how many passed and failed. */
export async function check(): Promise<{ passed: number; failed: number }> {
  let failed = 0;
  for (const [name, run] of checks) {
    const problem = await run();
    console.log(`${problem === '' ? 'ok    ' : 'FAILED'} ${name}`);
    if (problem === '') continue;
    console.log(problem);
    failed += 1;
  }
  return { passed: checks.length - failed, failed };
}

if (import.meta.main) process.exitCode = (await check()).failed === 0 ? 0 : 1;
