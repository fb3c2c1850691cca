import { isFailure } from '@holdfast/base';
import { listDrills } from '@holdfast/engine';
import { type Policy, storedBytes } from '@holdfast/model';
import type { JobPorts } from '../ports.ts';
import type { Newest } from '../state.ts';
import type { Found, Where } from '../work.ts';
import { ownSnapshots, type Entry } from './own.ts';

/** Milliseconds that a snapshot may come from the future: clocks are set a little now and then. */
const toleranceMs = 5 * 60_000;

/** What one repository holds of a policy; nothing, where there is no repository yet. @throws Failure what opening throws */
export async function look(
  ports: JobPorts,
  policy: Policy,
  { repository: name, clusterId }: Where,
  signal: AbortSignal,
): Promise<Found> {
  let entries: readonly Entry[] = [];
  try {
    const repository = await ports.open(name, signal);
    const own = await ownSnapshots(ports, repository, { policy, clusterId }, signal);
    // What was saved while the clock was wrong is not the newest until its time has come.
    const latest = new Date(ports.clock.now().getTime() + toleranceMs).toISOString();
    entries = own.filter(({ manifest }) => manifest.times.finishedAt <= latest);
  } catch (error) {
    if (!isFailure(error, 'repository-missing')) throw error;
  }
  const newest = (wanted: (entry: Entry) => boolean): Entry | undefined => newestOf(entries.filter(wanted));
  const stored = newest(({ state }) => state !== 'damaged');
  const scheduled = newest(({ manifest }) => manifest.trigger === 'schedule');
  const drilled = await drilledHashes(ports);
  return {
    newest: {
      stored: timeOf(stored),
      verified: timeOf(newest(isVerified)),
      drilled: timeOf(newest(({ manifest }) => drilled.has(manifest.content.sha256))),
      bytes: stored === undefined ? null : storedBytes(stored.manifest),
      ...(stored !== undefined && { clusterId: stored.cluster.id }),
    },
    scheduledAt: scheduled?.manifest.times.startedAt ?? null,
  };
}

/** Of when its content is. */
function timeOf(entry: Entry | undefined): string | null {
  return entry?.manifest.times.finishedAt ?? null;
}

/** What a snapshot that was just stored makes new. */
export function newestOfEntry(entry: Entry): Partial<Newest> {
  const { finishedAt } = entry.manifest.times;
  return {
    saved: finishedAt,
    stored: finishedAt,
    bytes: storedBytes(entry.manifest),
    clusterId: entry.cluster.id,
    ...(isVerified(entry) && { verified: finishedAt }),
  };
}

/** Verified, and fit to be restored from. */
export function isVerified({ state, trust, manifest }: Entry): boolean {
  return state === 'verified' && trust.trusted && manifest.quorum.state === 'healthy';
}

/** By the time of what they hold. */
export function newestOf(entries: readonly Entry[]): Entry | undefined {
  return entries
    .toSorted((a, b) => a.manifest.times.finishedAt.localeCompare(b.manifest.times.finishedAt))
    .at(-1);
}

/** The contents that were drilled on this machine and came to life. */
async function drilledHashes({ stateDir }: JobPorts): Promise<Set<string>> {
  try {
    const { drills } = await listDrills(stateDir);
    return new Set(
      drills.filter(({ outcome }) => outcome === 'passed').map(({ snapshot }) => snapshot.sha256),
    );
  } catch (error) {
    if (!isFailure(error)) throw error;
    return new Set();
  }
}
