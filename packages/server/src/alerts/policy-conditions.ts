import { formatDuration } from '@holdfast/base';
import { longestGap, overdueMs, type Policy, pauseOf, promisedMs } from '@holdfast/model';
import type { LastEnded } from '../store/operations.ts';
import type { StoredPolicy } from '../store/policies.ts';
import type { SnapshotHead } from '../store/snapshots.ts';
import { after, type Condition, condition } from './condition.ts';

/** Milliseconds that a required copy may be missing before somebody is told: a few tries of its queue. */
const copyMs = 3_600_000;
/** Milliseconds by which the times of copies of one save may differ. */
const sameSaveMs = 60_000;
/** Milliseconds of a pause after which somebody is reminded of it, however much is promised. */
const longPauseMs = 7 * 24 * 3_600_000;

/** A policy with what is known of its snapshots and drills. */
export interface PolicyFacts {
  readonly cluster: { readonly id: string; readonly name: string };
  readonly stored: StoredPolicy;
  /** Its newest snapshots by repository, of all that the server reads. */
  readonly heads: ReadonlyMap<string, Pick<SnapshotHead, 'stored' | 'verified'>>;
  /** Whether the server reads such a repository: of others it cannot tell. */
  readonly isRead: (repository: string) => boolean;
  readonly drill: LastEnded | undefined;
}

/** What is not as one policy promises it. */
export function policyConditions(facts: PolicyFacts, now: Date): Condition[] {
  const { policy } = facts.stored;
  const required = policy.targets
    .filter((target) => target.required && facts.isRead(target.repository))
    .map(({ repository }) => repository);
  return [
    ...required.flatMap((repository) => [
      ...unverified(facts, repository, now),
      ...missingCopy(facts, repository, required, now),
    ]),
    ...drillConditions(facts, now),
    ...longPause(facts, now),
  ];
}

function unverified({ cluster, stored, heads }: PolicyFacts, repository: string, now: Date): Condition[] {
  const { policy } = stored;
  const promised = promisedMs(policy, now);
  if (promised === null) return [];
  const verified = heads.get(repository)?.verified ?? null;
  const since = after(verified ?? stored.createdAt, promised);
  if (since > now) return [];
  const pause = pauseOf(policy, now);
  return [
    condition('no-verified-snapshot', cluster.id, [policy.name, repository], {
      severity: 'critical',
      since: since.toISOString(),
      what:
        `Policy ${policy.name} of ${cluster.name} has no verified snapshot in ${repository} that is younger than ` +
        `${formatDuration(promised)}: ${verified === null ? 'none was ever verified there' : `the newest is of ${verified}`}` +
        `${pause === null ? '' : `; it is paused: ${pause.reason}`}.`,
      next: 'Run the policy; the operation says what keeps it back. Then look at the nodes and the repository.',
    }),
  ];
}

function missingCopy(
  { cluster, stored, heads }: PolicyFacts,
  repository: string,
  required: readonly string[],
  now: Date,
): Condition[] {
  const { policy } = stored;
  const newest = required
    .flatMap((each) => heads.get(each)?.stored ?? [])
    .toSorted()
    .at(-1);
  const here = heads.get(repository)?.stored ?? null;
  if (newest === undefined) return [];
  if (here !== null && Date.parse(here) >= Date.parse(newest) - sameSaveMs) return [];
  const since = new Date(firstMissing(policy, here ?? stored.createdAt, newest, now) + copyMs);
  if (since > now) return [];
  return [
    condition('copy-missing', cluster.id, [policy.name, repository], {
      severity: 'warning',
      since: since.toISOString(),
      what:
        `The newest snapshot of policy ${policy.name} of ${cluster.name} is missing in ${repository}: ` +
        `the newest of all is of ${newest}, ${here === null ? 'and there is none there' : `the newest there of ${here}`}.`,
      next: 'Look whether the nodes reach that repository; the copy is tried again by itself.',
    }),
  ];
}

/** When the first snapshot that is missing was taken, at the latest: each save would else put the alert off. */
function firstMissing({ schedule }: Policy, here: string, newest: string, now: Date): number {
  if (schedule === null) return Date.parse(newest);
  return Math.min(Date.parse(newest), Date.parse(here) + longestGap(schedule, now));
}

function drillConditions({ cluster, stored, drill }: PolicyFacts, now: Date): Condition[] {
  const { policy } = stored;
  if (policy.drill === null) return [];
  const found: Condition[] = [];
  if (drill?.state === 'failed' || drill?.state === 'partial')
    found.push(
      condition('drill-failed', cluster.id, [policy.name], {
        severity: 'critical',
        since: drill.endedAt,
        what: `The last drill of policy ${policy.name} of ${cluster.name} failed${drill.why === '' ? '' : `: ${drill.why}`}.`,
        next: 'Look at its operation: it names the check that failed. Verify the snapshot, then drill again.',
      }),
    );
  const patience = pauseOf(policy, now) === null ? overdueMs(policy.drill, now) : null;
  if (patience === null) return found;
  const last = drill?.succeededAt ?? null;
  const since = after(last ?? stored.createdAt, patience);
  if (since > now) return found;
  found.push(
    condition('drill-overdue', cluster.id, [policy.name], {
      severity: 'warning',
      since: since.toISOString(),
      what:
        `No drill of policy ${policy.name} of ${cluster.name} went well for more than ${formatDuration(patience)}: ` +
        `${last === null ? `none has since ${stored.createdAt}` : `the last one did at ${last}`}.`,
      next: 'Drill a snapshot now; its operation says what keeps it back.',
    }),
  );
  return found;
}

function longPause({ cluster, stored: { policy } }: PolicyFacts, now: Date): Condition[] {
  const pause = pauseOf(policy, now);
  if (pause === null) return [];
  const promised = promisedMs(policy, now);
  const allowed = promised === null ? longPauseMs : Math.min(longPauseMs, promised / 2);
  const since = after(pause.since, allowed);
  if (since > now) return [];
  return [
    condition('paused-too-long', cluster.id, [policy.name], {
      severity: 'warning',
      since: since.toISOString(),
      what: `Policy ${policy.name} of ${cluster.name} is paused since ${pause.since}, for more than ${formatDuration(allowed)}: ${pause.reason}.`,
      next: 'Resume it as soon as its reason is gone: nothing is saved for it.',
    }),
  ];
}
