import { limits, type Clock } from '@holdfast/base';
import { Commits } from '../commits.ts';
import { type EntryReader, readEntry } from '../entry.ts';
import { manifestFile, snapshotFolder, sortObjects } from '../layout.ts';
import type { Committed } from '../lease/index.ts';
import { type LineagePlace, placeOf } from '../lineage.ts';
import { findOrphan } from '../orphan.ts';
import { listRemovals, writerName } from '../removal-record.ts';
import type { Repository } from '../repository.ts';

/**
 * Commits the manifest of a snapshot that is signed and whole, and that nothing says counts: its writer died in the very
 * moment between putting it and saying so. It is done where the signature is trusted, the objects are there with their
 * sizes, its removal is not recorded, and no other manifest of its writer has its number.
 *
 * @returns whether it counts now; false where it is none of these, and nothing was changed
 * @throws lease-held, what storages throw
 */
export async function completeUncommitted(
  { storage, ring }: Pick<Repository, 'storage' | 'ring'>,
  clock: Clock,
  { clusterId, name }: { readonly clusterId: string; readonly name: string },
): Promise<boolean> {
  const place = { storage, ring, clock, clusterId };
  const path = snapshotFolder(clusterId, name);
  const [folder] = (await sortObjects(storage.list(path))).folders;
  if (folder === undefined) return false;
  const keys = [...folder.objects.values()].map(({ key }) => key);
  const orphan = await findOrphan(place, clusterId, keys);
  if (orphan === undefined) return false;
  const isDone = await new Commits(place, clusterId).change(async (lease, committed) => {
    if (keys.some((key) => committed.has(key))) return false;
    const file = orphan.slice(path.length + 1);
    const reader: EntryReader = { storage, ring, clock, damaged: [], evidence: 'newest' };
    const entry = await readEntry(reader, folder, { file, committed: 'unknown' }, undefined);
    if (entry === undefined || !entry.trust.trusted || entry.damage !== null) return false;
    const { writer = null, sequence = 0 } = entry.manifest.lineage ?? {};
    if (await isTaken(place, committed.values(), { writer, sequence })) return false;
    const bytes = await storage.get(orphan, limits.recordBytes);
    // The signed bytes under a name of this epoch: what counts is named after the epoch of its holder.
    return bytes !== undefined && (await lease.commit(`${path}/${manifestFile(lease.epochName)}`, bytes));
  });
  if (isDone) await storage.delete(orphan);
  return isDone;
}

/** Whether something else that counts, or counted, has this number in the chain of its writer. */
async function isTaken(
  place: LineagePlace,
  committed: Iterable<Committed>,
  { writer, sequence }: { readonly writer: string | null; readonly sequence: number },
): Promise<boolean> {
  for (const each of committed) {
    const says = await placeOf(place, each);
    if (says?.writer === writer && says.sequence === sequence) return true;
  }
  const removals = await listRemovals(place.storage, place.clusterId);
  return removals.some((each) => each.writer === writerName(writer) && each.sequence === sequence);
}
