import type { Failure } from '@holdfast/base';
import type { DaemonState, Job, JobState, Newest, PolicyState } from './state.ts';
import type { JobEnd } from './work.ts';

/** The state of a daemon that has done nothing yet. */
export function newState(now: Date): DaemonState {
  return {
    apiVersion: 'holdfast.dev/v1',
    kind: 'DaemonState',
    policies: {},
    queue: { length: 0, oldestAt: null },
    configuration: { readAt: now.toISOString(), refused: null },
    unwritable: null,
    alerts: {},
  };
}

/** A job that was not run yet. */
const noRun: JobState = {
  lastScheduled: null,
  lastBegunAt: null,
  unfinished: false,
  last: null,
  lastOkAt: null,
  failures: {},
  runs: 0,
};

/** A policy that nothing was done for yet. */
export function newPolicyState(now: Date): PolicyState {
  return {
    knownSince: now.toISOString(),
    jobs: { save: noRun, prune: noRun, check: noRun, drill: noRun },
    newest: {},
  };
}

/** A run that is entered into the state. */
export interface EnteredRun {
  readonly policy: string;
  readonly job: Job;
  readonly startedAt: Date;
  /** Its time by the schedule, or what it follows. */
  readonly scheduledFor: string;
  /** Whether it repeats one that was begun for the same time. */
  readonly again: boolean;
}

/** The state with a run begun. */
export function withBegun(state: DaemonState, run: EnteredRun): DaemonState {
  return changeJob(state, run, (job) => ({
    ...job,
    lastScheduled: run.scheduledFor,
    lastBegunAt: run.again ? (job.lastBegunAt ?? run.startedAt.toISOString()) : run.startedAt.toISOString(),
    unfinished: true,
  }));
}

/**
 * The state with a run ended. A run that is tried again is one run: it counts once, and each code of its failures once in
 * a row; one that was begun before and has never ended counts now.
 */
export function withEnd(
  state: DaemonState,
  run: EnteredRun,
  end: Pick<JobEnd, 'outcome' | 'failure'>,
  at: { readonly endedAt: Date; readonly durationMs: number },
): DaemonState {
  const endedAt = at.endedAt.toISOString();
  return changeJob(state, run, (job) => ({
    ...job,
    ...countedAs(job, end.failure, run.again && hasEnded(job)),
    unfinished: false,
    last: {
      startedAt: run.startedAt.toISOString(),
      endedAt,
      outcome: end.outcome,
      failure: end.failure && failureOf(end.failure),
      durationMs: Math.max(0, Math.round(at.durationMs)),
    },
    lastOkAt: end.outcome === 'failed' ? job.lastOkAt : endedAt,
  }));
}

function failureOf({ code, message, why }: Failure): { code: string; why: string } {
  return { code, why: `${message}: ${why}` };
}

/** Whether the run that was begun last has ended before, and is tried again since. */
function hasEnded({ last, lastBegunAt }: JobState): boolean {
  return last !== null && lastBegunAt !== null && last.startedAt >= lastBegunAt;
}

function countedAs(
  job: JobState,
  failure: Failure | null,
  again: boolean,
): Pick<JobState, 'failures' | 'runs'> {
  const { failures } = job;
  const runs = job.runs + (again ? 0 : 1);
  if (failure === null || (again && job.last?.failure?.code === failure.code)) return { failures, runs };
  return { runs, failures: { ...failures, [failure.code]: (failures[failure.code] ?? 0) + 1 } };
}

/** The state with one job of a policy changed; as it is when the policy is gone. */
export function changeJob(
  state: DaemonState,
  { policy, job }: Pick<EnteredRun, 'policy' | 'job'>,
  change: (job: JobState) => JobState,
): DaemonState {
  return changePolicy(state, policy, (known) => ({
    ...known,
    jobs: { ...known.jobs, [job]: change(known.jobs[job]) },
  }));
}

/** The state with what is known of a policy changed; as it is when the policy is gone. */
function changePolicy(
  state: DaemonState,
  policy: string,
  change: (known: PolicyState) => PolicyState,
): DaemonState {
  const known = state.policies[policy];
  if (known === undefined) return state;
  return { ...state, policies: { ...state.policies, [policy]: change(known) } };
}

const nothing: Newest = {
  ...{ saved: null, stored: null, verified: null, drilled: null },
  ...{ bytes: null, missingSince: null, clusterId: null, knownSince: null },
};

/** The state with something new of a policy's snapshots. */
export function withNewest(
  state: DaemonState,
  policy: string,
  found: Readonly<Record<string, Partial<Newest>>>,
): DaemonState {
  return changePolicy(state, policy, (known) => {
    const newest = { ...known.newest };
    for (const [repository, news] of Object.entries(found))
      newest[repository] = { ...nothing, ...newest[repository], ...news };
    return { ...known, newest: withSaved(newest) };
  });
}

/** What is saved is so wherever it is stored; a repository that came later was not to have what was saved before. */
function withSaved(newest: Readonly<Record<string, Newest>>): Record<string, Newest> {
  const ofAll =
    Object.values(newest)
      .flatMap(({ stored }) => stored ?? [])
      .toSorted()
      .at(-1) ?? null;
  const changed = Object.entries(newest).map(([name, each]) => {
    const saved = ofAll !== null && ofAll < (each.knownSince ?? ofAll) ? each.stored : ofAll;
    const isMissing = saved !== null && (each.stored === null || each.stored < saved);
    return [name, { ...each, saved, missingSince: isMissing ? (each.missingSince ?? saved) : null }] as const;
  });
  return Object.fromEntries(changed);
}
