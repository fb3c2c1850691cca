import { parseSnapshotName } from '@holdfast/model';
import { inParallel } from '@holdfast/repository';
import type { ForeignFile, ForeignLayout, ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { memberFolders, type MemberFolder } from '../member-folders.ts';
import { imageInFile } from './image-in-file.ts';
import { memberFacts } from './member-facts.ts';
import { takenAtOf } from './taken-at.ts';

/**
 * What etcd's own tools and people's cron jobs leave: snapshot files of etcdctl and etcdutl, `member/snap/db` copied off a
 * disk, whole data directories, and any of them compressed or packed. It takes every database that is left, by content alone.
 */
export const etcd: ForeignLayout = {
  system: 'etcd',
  async recognise(place, files) {
    const members = memberFolders(files);
    const taken = new Set(members.flatMap((member) => member.files.map(({ path }) => path)));
    const snapshots = members.map((member) => ofFolder(place, member));
    const left = files.filter(({ path }) => !taken.has(path));
    for (const found of await inParallel(left, (file) => ofFile(place, file))) {
      if (found === undefined) continue;
      taken.add(found.path);
      snapshots.push(found);
    }
    return { snapshots, taken };
  },
};

const unknown = { system: 'etcd', cluster: null, node: null, trigger: null, companions: [] } as const;

function ofFolder(place: ForeignPlace, member: MemberFolder): ForeignSnapshot {
  const { writtenAt, ...facts } = memberFacts(member);
  const name = baseOf(member.folder === '' ? place.location : member.folder);
  return { ...unknown, ...facts, name, takenAt: writtenAt, takenAtFrom: 'file' };
}

/** An archive that cannot be read is one of a database only by its name. */
const nameOfOne = /etcd|snapshot|\.db\b/i;

async function ofFile(place: ForeignPlace, file: ForeignFile): Promise<ForeignSnapshot | undefined> {
  const image = await imageInFile(place, file);
  if (image === null) return undefined;
  const { form, entry, restorable, notes } = image;
  const isCertain = form === 'db' || form === 'gzip' || entry !== undefined;
  if (!isCertain && !nameOfOne.test(baseOf(file.path))) return undefined;
  const { at } = parseSnapshotName(file.path);
  return {
    ...unknown,
    name: baseOf(file.path),
    path: file.path,
    form,
    ...(entry !== undefined && { entry }),
    size: file.size,
    ...takenAtOf(at, file.modifiedAt),
    restorable,
    notes,
  };
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
