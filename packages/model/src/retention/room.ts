import { formatBytes } from '@holdfast/base';
import type { RetainedSnapshot } from './facts.ts';

/**
 * What has no room: from the newest on so many are kept as fit, and from the first that does not fit on none. What is
 * kept whatever the rules say takes its room before.
 *
 * @param group newest first, what the rules keep
 * @param isHeld whether a snapshot stays in any case
 * @returns why each of those goes
 */
export function beyondRoom(
  group: readonly RetainedSnapshot[],
  maxBytes: number | undefined,
  isHeld: (snapshot: RetainedSnapshot) => boolean,
): Map<RetainedSnapshot, string> {
  const gone = new Map<RetainedSnapshot, string>();
  if (maxBytes === undefined) return gone;
  let taken = group.filter(isHeld).reduce((sum, { storedBytes }) => sum + storedBytes, 0);
  for (const each of group) {
    if (isHeld(each)) continue;
    taken += each.storedBytes;
    if (taken > maxBytes)
      gone.set(each, `no room: with it ${formatBytes(taken)} of ${formatBytes(maxBytes)} (maxBytes)`);
  }
  return gone;
}
