import type { Check, CheckName, SnapshotManifest } from '@holdfast/model';
import type { SnapshotPosition } from '@holdfast/etcd/snapshot';

/**
 * Fails the checks of a file that, whole as it may be, is not the one that its manifest speaks of.
 *
 * @param position where the file itself stands; null when it is too damaged to tell, as the checks then say
 */
export function checkAgreement(
  checks: readonly Check[],
  manifest: Pick<SnapshotManifest, 'revision' | 'compactRevision' | 'content'>,
  position: SnapshotPosition | null,
): Check[] {
  if (position === null) return [...checks];
  const { revision, compactRevision, content } = manifest;
  const told: [CheckName, string, number, number][] = [
    ['tree', 'the page size', position.pageSize, content.pageSize],
    ['revisions', 'the revision', position.revision, revision],
    ['revisions', 'the newest compacted revision', position.compactRevision, compactRevision],
  ];
  return checks.map((each) => {
    const wrong = told
      .filter(([check, , found, recorded]) => check === each.check && found !== recorded)
      .map(([, what, found, recorded]) => `${what} is ${found}, the manifest says ${recorded}`);
    if (wrong.length === 0) return each;
    const before = each.outcome === 'failed' ? [each.detail] : [];
    return { ...each, outcome: 'failed', detail: [...before, ...wrong].join('; ') };
  });
}
