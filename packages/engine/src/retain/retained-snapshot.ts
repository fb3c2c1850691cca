import { type RetainedSnapshot, storedBytes } from '@holdfast/model';
import type { SnapshotEntry } from '@holdfast/repository';
import type { SnapshotLock } from './locks.ts';

/** What retention has to know of a stored snapshot. @param lock as its storage tells it */
export function retainedSnapshot(entry: SnapshotEntry, lock: SnapshotLock | undefined): RetainedSnapshot {
  const { name, cluster, manifest, state, trust, pin } = entry;
  return {
    name,
    clusterId: cluster.id,
    policy: manifest.policy,
    trigger: manifest.trigger,
    node: { name: manifest.member.name, memberId: manifest.member.id ?? manifest.member.name },
    finishedAt: manifest.times.finishedAt,
    state,
    trusted: trust.trusted,
    degraded: manifest.quorum.state === 'degraded',
    imported: manifest.imported !== null || manifest.trigger === 'import',
    pin,
    lockedUntil: lock?.until?.toISOString() ?? null,
    legalHold: lock?.legalHold ?? false,
    storedBytes: storedBytes(manifest),
  };
}
