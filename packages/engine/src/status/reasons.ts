import type { DamagedRecord, SnapshotEntry } from '@holdfast/repository';
import type { ClusterCopies } from './copies.ts';
import type { WaitingCopies } from './status.ts';

/** What a cluster is judged by. */
interface Judged {
  readonly newest: SnapshotEntry | null;
  /** Whether any snapshot is verified. */
  readonly verified: boolean;
  readonly damaged: readonly DamagedRecord[];
  readonly copies: ClusterCopies;
  readonly waiting: WaitingCopies;
}

/** Why somebody should look at a cluster, the worst first. */
export function reasonsOf({ newest, verified, damaged, copies, waiting }: Judged): string[] {
  const unreadable = [
    ...damaged.map(({ path, failure }) => `${path}: ${failure.why}`),
    ...waiting.unreadable.map(({ path, why }) => `a copy may wait in the queue: ${path}: ${why}`),
  ];
  if (newest === null) return ['there is no snapshot', ...unreachable(copies), ...unreadable];
  const { name, state, manifest, trust } = newest;
  const failed = manifest.companions?.findings.filter(({ outcome }) => outcome === 'failed') ?? [];
  return [
    ...(verified ? [] : ['no snapshot is verified']),
    ...(trust.trusted ? [] : [`the newest snapshot, ${name}, is not trusted: ${trust.why}`]),
    ...(state === 'damaged' ? [`the newest snapshot, ${name}, is damaged`] : []),
    ...(state === 'stored' ? [`the newest snapshot, ${name}, is not verified`] : []),
    ...missingCopies(name, copies),
    ...(manifest.quorum.state === 'degraded'
      ? [`the newest snapshot, ${name}, is degraded: ${manifest.quorum.reasons.join('; ')}`]
      : []),
    ...failed.map(({ sentence }) => `companions of ${name}: ${sentence.replaceAll(/\s+/g, ' ')}`),
    ...(waiting.count > 0
      ? [
          `${waiting.count === 1 ? 'a copy waits' : `${waiting.count} copies wait`} in the queue, since ${waiting.oldestAt}`,
        ]
      : []),
    ...unreadable,
  ];
}

function missingCopies(name: string, { wanted, stored, places }: ClusterCopies): string[] {
  const missing = places.filter((each) => each.required && each.state !== 'stored');
  if (missing.length === 0 || wanted === 1) return [];
  const where = missing.map((each) => `${each.name}: ${each.why}`).join('; ');
  return [`the newest snapshot, ${name}, is stored in ${stored} of ${wanted} repositories (${where})`];
}

function unreachable({ places }: ClusterCopies): string[] {
  const unread = places.filter(({ state }) => state === 'unreadable');
  return unread.map(({ name, why }) => `${name} cannot be read: ${why}`);
}
