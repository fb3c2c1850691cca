import { isFailure, type Clock } from '@holdfast/base';
import type { Policy } from '@holdfast/model';
import type { Keeper } from './keeper.ts';
import type { DaemonLog } from './log.ts';
import { newPolicyState, withEnd, withNewest } from './memory.ts';
import type { DaemonState, Job, PolicyState } from './state.ts';
import type { Found, Work } from './work.ts';

/** Milliseconds that one repository is looked into at most: saves wait for it. */
const lookMs = 60_000;

/** What looking takes. */
export interface SightParts {
  readonly clock: Clock;
  readonly work: Work;
  readonly keeper: Keeper;
  readonly log: DaemonLog;
  /** When the newest run of a job was due that somebody else is known to have begun; null: none is known. */
  readonly begunBefore?: (policy: string, job: Job) => string | null;
}

/**
 * Looks into the repositories of a policy, one after the other, and notes what is there. One that cannot be looked into is
 * told of and left as it was known.
 *
 * @returns what was found, by repository
 * @throws the signal's reason
 */
export async function look(
  { clock, work, keeper, log }: SightParts,
  policy: Policy,
  repositories: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const repository of repositories) {
    signal.throwIfAborted();
    const within = AbortSignal.any([signal, AbortSignal.timeout(lookMs)]);
    try {
      const clusterId = keeper.state.policies[policy.name]?.newest[repository]?.clusterId ?? null;
      found.set(repository, await work.look(policy, { repository, clusterId }, within));
    } catch (error) {
      signal.throwIfAborted();
      const why = isFailure(error)
        ? `${error.message}: ${error.why}`
        : within.aborted
          ? 'it took longer than a minute'
          : String(error);
      const text = `what ${repository} holds of ${policy.name} is not known now: ${why}`;
      const fields = { policy: policy.name, repository };
      log({ at: clock.now(), level: 'warning', event: 'look-failed', text, fields });
    }
  }
  await keeper.change((state) => withNewest(state, policy.name, newestIn(found)));
  return found;
}

function newestIn(found: ReadonlyMap<string, Found>): Record<string, Found['newest']> {
  return Object.fromEntries([...found].map(([name, { newest }]) => [name, newest]));
}

/**
 * Makes a policy known before anything is decided for it: from what its repositories hold where the state says nothing of
 * it (it is new, or the state was lost), and for a save of which no end is known, whether it was stored after all.
 *
 * @throws the signal's reason
 */
export async function see(parts: SightParts, policy: Policy, signal: AbortSignal): Promise<void> {
  const { clock, keeper, log } = parts;
  const { name } = policy;
  const repositories = policy.targets.map(({ repository }) => repository);
  const isNew = keeper.state.policies[name] === undefined;
  // Until it has been looked for, nothing is due for it.
  const fresh = newPolicyState(clock.now());
  const found = isNew
    ? await lookFirst(parts, policy, { repositories, signal, fresh })
    : await look(parts, policy, repositories, signal);
  const save = keeper.state.policies[name]?.jobs.save;
  const begunAt = save?.lastBegunAt ?? null;
  const { lastScheduled } = save ?? { lastScheduled: null };
  if (save?.unfinished !== true || begunAt === null || lastScheduled === null) return;
  const stored = [...found.values()].flatMap(({ newest }) => newest.stored ?? []).toSorted();
  const at = stored.at(-1);
  if (at === undefined || at < begunAt) return;
  const isEverywhere = stored.length === repositories.length && stored.every((each) => each >= begunAt);
  const run = {
    policy: name,
    job: 'save',
    startedAt: new Date(begunAt),
    scheduledFor: lastScheduled,
  } as const;
  const endedAt = new Date(at);
  const times = { endedAt, durationMs: endedAt.getTime() - run.startedAt.getTime() };
  const end = { outcome: isEverywhere ? 'ok' : 'partial', failure: null } as const;
  await keeper.change((state) => withEnd(state, { ...run, again: false }, end, times));
  const text = `the save of ${name} that had no end was stored before the daemon ended`;
  log({ at: clock.now(), level: 'info', event: 'run-found', text, fields: { policy: name } });
}

interface FirstLook {
  readonly repositories: readonly string[];
  readonly signal: AbortSignal;
  readonly fresh: DaemonState['policies'][string];
}

async function lookFirst(
  parts: SightParts,
  policy: Policy,
  { repositories, signal, fresh }: FirstLook,
): Promise<Map<string, Found>> {
  const { keeper, clock, log, begunBefore = () => null } = parts;
  const found = await look(parts, policy, repositories, signal);
  const all = [...found.values()];
  const begun = (job: Job): string | null => begunBefore(policy.name, job);
  const scheduledAt = newestOf(
    [...all.map((each) => each.scheduledAt), begun('save')].flatMap((each) => each ?? []),
  );
  const lastOkAt = newestOf(all.flatMap((each) => each.newest.stored ?? []));
  const jobs = {
    ...fresh.jobs,
    save: { ...fresh.jobs.save, lastScheduled: scheduledAt, lastBegunAt: scheduledAt, lastOkAt },
    // What was pruned until now is not known; it is done after the next save.
    prune: { ...fresh.jobs.prune, lastScheduled: lastOkAt },
    check: { ...fresh.jobs.check, lastScheduled: begun('check') },
    drill: { ...fresh.jobs.drill, lastScheduled: begun('drill') },
  };
  const known = { ...fresh, jobs };
  await keeper.change((state) =>
    withNewest({ ...state, policies: { ...state.policies, [policy.name]: known } }, policy.name, {
      ...Object.fromEntries(repositories.map((repository) => [repository, {}])),
      ...newestIn(found),
    }),
  );
  const text =
    lastOkAt === null
      ? `policy ${policy.name} is new: nothing was saved for it yet`
      : `policy ${policy.name} is not in the state; its repositories say that it was last saved at ${lastOkAt}`;
  const fields = { policy: policy.name };
  log({ at: clock.now(), level: 'info', event: 'policy-known', text, fields });
  return found;
}

function newestOf(times: readonly string[]): string | null {
  return times.toSorted().at(-1) ?? null;
}

/** Whether a policy, or a repository of it, is new to the state. */
export function isNews({ policies }: DaemonState, { name, targets }: Policy): boolean {
  const known = policies[name];
  return known === undefined || targets.some(({ repository }) => known.newest[repository] === undefined);
}

/**
 * The state of the policies in use alone, and of each only the repositories that it stores into now: those that it was
 * given since are known from now on.
 */
export function ofThese(state: DaemonState, policies: readonly Policy[], now: Date): DaemonState {
  const knownSince = now.toISOString();
  const known = policies.filter(({ name }) => state.policies[name] !== undefined);
  const kept = known.map(({ name, targets }): [string, PolicyState] => {
    const { newest, ...rest } = state.policies[name]!;
    const own = targets.flatMap(({ repository }) => {
      const each = newest[repository];
      return each === undefined ? [] : [[repository, each] as const];
    });
    return [name, { ...rest, newest: Object.fromEntries(own) }];
  });
  return known.reduce<DaemonState>(
    (next, { name, targets }) => {
      const added = targets.filter(({ repository }) => next.policies[name]!.newest[repository] === undefined);
      return withNewest(
        next,
        name,
        Object.fromEntries(added.map(({ repository }) => [repository, { knownSince }])),
      );
    },
    { ...state, policies: Object.fromEntries(kept) },
  );
}
