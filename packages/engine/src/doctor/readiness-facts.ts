import { companionsOutcome, newestVerified, type Policy, promisedMs } from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';
import { limits } from '@holdfast/base';
import { listDrills } from '../drill/index.ts';
import type { ReadinessFacts } from './readiness.ts';
import type { ExaminedRepository } from './repository-checks.ts';

/** A drill tells something for so long. */
const drillMs = 30 * 86_400_000;

/** What was seen. */
interface Seen {
  readonly repositories: readonly ExaminedRepository[];
  /** Undefined where no policy file was looked at, or it could not be read. */
  readonly policies: readonly Policy[] | undefined;
  readonly stateDir: string | undefined;
  readonly now: Date;
}

/** Puts together what a cluster's recovery rests on, over all repositories. @throws file-unreadable */
export async function readinessFacts({
  repositories,
  policies,
  stateDir,
  now,
}: Seen): Promise<ReadinessFacts> {
  const seen = repositories.flatMap((each) => each.seen ?? []);
  const newest = seen.map(({ snapshots }) => provenOf(snapshots)).filter((each) => each !== undefined);
  const promises = (policies ?? []).map((policy) => promisedMs(policy, now)).filter((each) => each !== null);
  const mostMs = promises.length === 0 ? limits.freshSnapshotMs : Math.max(...promises);
  const isYoung = ({ manifest }: SnapshotEntry): boolean =>
    now.getTime() - Date.parse(manifest.times.finishedAt) <= mostMs;
  return {
    fresh: seen.length === 0 ? undefined : newest.some(isYoung),
    elsewhere: any(
      repositories.filter((each) => each.seen !== undefined),
      ({ isElsewhere }) => isElsewhere === true,
    ),
    sealed: any(seen, ({ repository }) => repository.ring.recipients !== undefined),
    signed: any(seen, ({ repository }) => repository.ring.trust.policy.require === 'signed'),
    companions: any(newest, ({ manifest: { companions } }) => {
      return companions !== null && ['passed', 'warned'].includes(companionsOutcome(companions));
    }),
    drilled: stateDir === undefined ? undefined : await isDrilled(stateDir, now),
    scheduled: policies?.some(({ schedule, pause }) => schedule !== null && pause === null),
  };
}

/** Undefined where there is none to look at. */
function any<T>(of: readonly T[], is: (each: T) => boolean): boolean | undefined {
  return of.length === 0 ? undefined : of.some(is);
}

function provenOf(snapshots: readonly SnapshotEntry[]): SnapshotEntry | undefined {
  const name = newestVerified(snapshots);
  return snapshots.find((each) => each.name === name);
}

async function isDrilled(stateDir: string, now: Date): Promise<boolean> {
  const { drills } = await listDrills(stateDir);
  return drills.some(({ at, outcome }) => outcome === 'passed' && now.getTime() - Date.parse(at) <= drillMs);
}
