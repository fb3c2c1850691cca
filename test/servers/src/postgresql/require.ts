import { orSkip } from '../obtain/or-skip.ts';
import { postgresqlPrograms } from './obtain.ts';

/**
 * Gets PostgreSQL for a test file, as `describe.skipIf((await postgresqlOrSkip()).skip)(…)`. Where it cannot be had its
 * tests are skipped, with one line that says why; but in CI (CI=true) they fail.
 */
export async function postgresqlOrSkip(): Promise<{ readonly skip: boolean }> {
  return orSkip(async () => postgresqlPrograms((line) => console.error(line)));
}
