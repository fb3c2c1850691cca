import type { RestorePlan } from '@holdfast/model';
import type { StepEvidence } from '../node.ts';

/** Whether whoever read the plan counts on the snapshots that its steps `guard` and `save` save: P15 noted a repository. */
export function promisesSnapshots({ checks, skips }: RestorePlan): boolean {
  const p15 = checks.find(({ id }) => id === 'P15');
  return p15?.evidence['repository'] === true && !skips.some(({ check }) => check === 'P15');
}

/** What a step finds that has no repository to save to; a warning where the plan had one. */
export function notSaved(plan: RestorePlan, which: 'safety' | 'first'): StepEvidence & { skipped: string } {
  const skipped = 'there is no repository to save to';
  if (!promisesSnapshots(plan)) return { skipped };
  const warning = `the planned ${which} snapshot was not saved: no repository was named (--repo)`;
  return { skipped, warning };
}
