import { longestGap, scheduleFault, timeZoneFault } from '../schedule/index.ts';
import type { Policy } from './policy.ts';
import type { Retention } from './retention.ts';
import { spanMs, spanOf } from './span.ts';

/** Something wrong with a policy that its schema lets pass. */
export interface PolicyFault {
  /** The field, as a path below the policy. */
  readonly path: readonly (string | number)[];
  /** A sentence without full stop. */
  readonly problem: string;
}

/**
 * What is wrong with a policy beyond its schema.
 *
 * @param now the longest gap of a schedule is that of this year and those after it
 */
export function policyFaults(policy: Policy, now: Date): PolicyFault[] {
  return [
    ...scheduleFaults(policy),
    ...retentionFaults(policy.retention, ['retention']),
    ...targetFaults(policy),
    ...promiseFaults(policy, now),
    ...pauseFaults(policy),
  ];
}

function scheduleFaults(policy: Policy): PolicyFault[] {
  return (['schedule', 'check', 'drill'] as const).flatMap((field) => {
    const schedule = policy[field];
    const problem = schedule === null ? undefined : scheduleFault(schedule);
    return problem === undefined ? [] : [{ path: [field], problem }];
  });
}

function retentionFaults({ timeZone, within }: Retention, path: PolicyFault['path']): PolicyFault[] {
  const zone = timeZoneFault(timeZone);
  const faults: PolicyFault[] = [];
  if (zone !== undefined) faults.push({ path: [...path, 'timeZone'], problem: `"${timeZone}" ${zone}` });
  if (within !== undefined && spanMs(within) === 0) {
    faults.push({ path: [...path, 'within'], problem: `${within} keeps nothing; leave it out instead` });
  }
  return faults;
}

function targetFaults({ targets }: Policy): PolicyFault[] {
  const names = targets.map(({ repository }) => repository);
  const faults: PolicyFault[] = [];
  for (const [at, { repository, retention }] of targets.entries()) {
    if (names.indexOf(repository) < at) {
      const problem = `${repository} is named twice`;
      faults.push({ path: ['targets', at, 'repository'], problem });
    }
    if (retention !== undefined) faults.push(...retentionFaults(retention, ['targets', at, 'retention']));
  }
  if (targets.every(({ required }) => !required)) {
    const problem = 'none of the repositories is required, so a save would never fail';
    faults.push({ path: ['targets'], problem });
  }
  return faults;
}

function promiseFaults({ rpo, schedule }: Policy, now: Date): PolicyFault[] {
  if (rpo === undefined) return [];
  const path = ['rpo'];
  if (spanMs(rpo) === 0) return [{ path, problem: `an rpo of ${rpo} cannot be kept` }];
  if (schedule === null) return [{ path, problem: `an rpo of ${rpo} cannot be kept without a schedule` }];
  if (scheduleFault(schedule) !== undefined) return [];
  const gap = longestGap(schedule, now);
  if (spanMs(rpo) > gap) return [];
  const problem =
    spanMs(rpo) < gap
      ? `an rpo of ${rpo} is shorter than the schedule's longest gap, ${spanOf(gap)}`
      : `an rpo of ${rpo} is the schedule's longest gap, and leaves no time for a save`;
  return [{ path, problem }];
}

function pauseFaults({ pause }: Policy): PolicyFault[] {
  if (pause === null || pause.until === null || pause.until > pause.since) return [];
  const problem = `the pause ends at ${pause.until}, before it begins at ${pause.since}`;
  return [{ path: ['pause', 'until'], problem }];
}
