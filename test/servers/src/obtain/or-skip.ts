import { messageOf } from './run.ts';
import { PartUnavailable } from './ways.ts';

/** Why the tests of a part are skipped, in one line. */
export interface Skipped {
  readonly skip: true;
  readonly why: string;
}

/** Gets a part for tests. Where it cannot be had they are skipped, with one line that says why; but in CI (CI=true) they fail. */
export async function orSkip<T>(
  get: () => Promise<T>,
): Promise<{ readonly skip: false; readonly had: T } | Skipped> {
  try {
    return { skip: false, had: await get() };
  } catch (error) {
    if (process.env['CI'] === 'true' || !(error instanceof PartUnavailable)) throw error;
    const why = messageOf(error).replaceAll(/\s*\n\s*/g, ' ');
    console.error(`skipped: ${why}`);
    return { skip: true, why };
  }
}
