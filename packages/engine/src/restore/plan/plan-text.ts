import { Failure } from '@holdfast/base';
import { RestorePlan } from '@holdfast/model';
import { selfHash } from '../../self-hash.ts';

/** SHA-256 of a plan without its field `hash`, as canonical JSON, in hexadecimal. */
export function planHash(plan: Omit<RestorePlan, 'hash'>): string {
  return selfHash(plan);
}

/**
 * Reads a plan as it was written to a file.
 *
 * @throws Failure restore-refused when it is no plan, or not the one that was hashed
 */
export function readPlan(text: string): RestorePlan {
  const given = parsed(text);
  const read = RestorePlan.safeParse(given);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
    throw refused(given, `it is not a plan of a restore: ${where}${issue?.message}`);
  }
  // Of what is written: a plan of before some field has been added lacks it, and is whole all the same.
  const hash = selfHash(given as object);
  if (hash === read.data.hash) return read.data;
  throw refused(
    given,
    `the plan was changed after it was made: its hash is ${hash}, it says ${read.data.hash}`,
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused(undefined, `the plan is not JSON: ${(error as Error).message}`);
  }
}

function refused(given: unknown, why: string): Failure {
  const cluster = (given as { cluster?: { name?: unknown } } | null | undefined)?.cluster?.name;
  return new Failure('restore-refused', why, { cluster: typeof cluster === 'string' ? cluster : '?' });
}
