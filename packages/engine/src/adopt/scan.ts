import { Failure, isFailure, limits, type Clock, type FailureCode } from '@holdfast/base';
import { inParallel } from '@holdfast/repository';
import type { ForeignFile, ForeignPlace, ForeignScan, ForeignSnapshot, PassedOver } from './foreign.ts';
import { layouts } from './layouts/index.ts';
import { ownRepositories } from './own-repositories.ts';
import { sniff } from './sniff.ts';

/** What a scan is given. */
export interface ScanOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * Looks through a place for what other systems left there. Only lists, heads, tails and small files beside the snapshots
 * are read. Each layout sees what none before it has taken.
 *
 * @returns snapshots oldest first; before them those whose time cannot be believed
 * @throws file-unreadable for the place itself, the `s3-` failures; foreign-unusable when there are more than `limits.foreignFiles` files; the
 *   signal's reason
 */
export async function scanForeign(
  foreign: ForeignPlace,
  { signal, clock }: ScanOptions,
): Promise<ForeignScan> {
  const place = until(foreign, signal);
  const passedOver: PassedOver[] = [];
  let left: ForeignFile[] = [];
  for await (const file of place.list((what) => passedOver.push(what))) {
    signal.throwIfAborted();
    if (left.length === limits.foreignFiles) {
      const why = `there are more than ${limits.foreignFiles} files; name a folder below it`;
      throw new Failure('foreign-unusable', why, { path: place.location });
    }
    left.push(file);
  }
  const own = ownRepositories(left);
  left = left.filter(({ path }) => !own.taken.has(path));
  left = await readable(place, left, (what) => passedOver.push(what));
  const snapshots: ForeignSnapshot[] = [];
  for (const layout of layouts) {
    signal.throwIfAborted();
    const found = await layout.recognise(place, left);
    snapshots.push(...found.snapshots);
    left = left.filter(({ path }) => !found.taken.has(path));
  }
  const now = clock.now();
  return {
    snapshots: [
      ...snapshots
        .filter((each) => isAhead(each, now))
        .map(withDoubt)
        .toSorted(byTime),
      ...snapshots.filter((each) => !isAhead(each, now)).toSorted(byTime),
    ],
    unknown: left,
    repositories: own.folders,
    passedOver,
  };
}

/** What one file alone may fail with: the others are looked at all the same. */
const ownFaults: readonly FailureCode[] = ['file-unreadable', 's3-permission', 's3-refused', 's3-damaged'];

/** Those files whose first bytes can be read. All are read at once here, and layouts need not ask again. */
async function readable(
  place: ForeignPlace,
  files: readonly ForeignFile[],
  passOver: (what: PassedOver) => void,
): Promise<ForeignFile[]> {
  const seen = await inParallel(files, async (file) => {
    try {
      await sniff(place, file);
      return file;
    } catch (error) {
      if (!isFailure(error) || !ownFaults.includes(error.code)) throw error;
      passOver({ path: file.path, why: error.why });
      return undefined;
    }
  });
  return seen.filter((file) => file !== undefined);
}

/** A place whose reads end with the signal: layouts know of none. */
function until(place: ForeignPlace, signal: AbortSignal): ForeignPlace {
  return {
    location: place.location,
    list: (passOver) => place.list(passOver),
    async *read(path, range) {
      signal.throwIfAborted();
      for await (const chunk of place.read(path, range)) {
        signal.throwIfAborted();
        yield chunk;
      }
    },
    ...(place.metadata && { metadata: (path) => place.metadata!(path) }),
  };
}

/** A time in the future cannot be believed: some clock was wrong. Such a snapshot is never the newest. */
function isAhead({ takenAt }: ForeignSnapshot, now: Date): boolean {
  return takenAt.getTime() > now.getTime() + limits.foreignClockMs;
}

function withDoubt(snapshot: ForeignSnapshot): ForeignSnapshot {
  const note = 'Its time lies in the future: a clock was wrong when it was taken, or is wrong here.';
  return { ...snapshot, notes: [...snapshot.notes, note] };
}

function byTime(a: ForeignSnapshot, b: ForeignSnapshot): number {
  return a.takenAt.getTime() - b.takenAt.getTime() || (a.path < b.path ? -1 : 1);
}
