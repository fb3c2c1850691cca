import { formatDuration } from '@holdfast/base';
import { overdueMs, type Policy, pauseOf } from '@holdfast/model';
import type { Job, PolicyState } from '../state.ts';
import type { Alert, AlertKind } from './alert.ts';
import { alert } from './alerts-of.ts';
import { causeOf, isDamage, remedyOf } from './remedy.ts';

/** The alerts about the last runs of a policy's jobs, and about those that are overdue. */
export function jobAlerts(policy: Policy, known: PolicyState, now: Date): Alert[] {
  return [
    ...failed(policy, known, 'save', 'save-failed', 'warning', 'The last save of policy'),
    ...failed(policy, known, 'prune', 'prune-failed', 'warning', 'The last pruning of policy'),
    // Where none comes any more, its failure would never end.
    ...(policy.check === null ? [] : failedCheck(policy, known)),
    ...(policy.drill === null
      ? []
      : failed(policy, known, 'drill', 'drill-failed', 'critical', 'The last drill of policy')),
    ...overdue(policy, known, now, 'check'),
    ...overdue(policy, known, now, 'drill'),
  ];
}

function failed(
  { name }: Policy,
  known: PolicyState,
  job: Job,
  kind: AlertKind,
  severity: Alert['severity'],
  subject: string,
): Alert[] {
  const { last } = known.jobs[job];
  if (last?.outcome !== 'failed') return [];
  return [
    alert(
      { kind, policy: name, repository: null },
      {
        severity,
        since: new Date(last.endedAt),
        sentence: `${subject} ${name} failed.`,
        cause: causeOf(last.failure),
        remedy: remedyOf(last.failure),
      },
    ),
  ];
}

function failedCheck(policy: Policy, known: PolicyState): Alert[] {
  return isDamage(known.jobs.check.last?.failure ?? null)
    ? failed(
        policy,
        known,
        'check',
        'damage-found',
        'critical',
        'The last check found damage in what is stored for policy',
      ).map((each) => ({ ...each, sentence: each.sentence.replace(/ failed\.$/, '.') }))
    : failed(policy, known, 'check', 'check-failed', 'warning', 'The last check for policy');
}

function overdue(policy: Policy, known: PolicyState, now: Date, job: 'check' | 'drill'): Alert[] {
  const patience = pauseOf(policy, now) === null ? overdueMs(policy[job], now) : null;
  if (patience === null) return [];
  const { lastOkAt } = known.jobs[job];
  const since = new Date(Date.parse(lastOkAt ?? known.knownSince) + patience);
  if (since > now) return [];
  return [
    alert(
      { kind: `${job}-overdue`, policy: policy.name, repository: null },
      {
        severity: 'warning',
        since,
        sentence: `No ${job} of policy ${policy.name} went well for more than ${formatDuration(patience)}.`,
        cause: lastOkAt === null ? `none has since ${known.knownSince}` : `the last one did at ${lastOkAt}`,
        remedy: `Run it now: \`holdfast policy run ${policy.name} --job ${job}\`.`,
      },
    ),
  ];
}
