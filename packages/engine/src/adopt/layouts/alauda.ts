import { parseSnapshotName } from '@holdfast/model';
import { inParallel } from '@holdfast/repository';
import type { ForeignFile, ForeignLayout, ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { imageInFile } from './image-in-file.ts';
import { takenAtOf } from './taken-at.ts';

/**
 * What the Alauda Container Platform leaves in /cpaas and in buckets: `snapshot-etcd-<date>-<time>-<ip>.tar`. Its
 * instructions for a restore hand the file to etcdctl as it is, so what is called a tar may be the database itself: the
 * content decides.
 */
export const alauda: ForeignLayout = {
  system: 'alauda',
  async recognise(place, files) {
    const named = files.filter(({ path }) => parseSnapshotName(path).form === 'alauda');
    const snapshots = await inParallel(named, (file) => snapshotOf(place, file));
    return { snapshots, taken: new Set(named.map(({ path }) => path)) };
  },
};

async function snapshotOf(place: ForeignPlace, file: ForeignFile): Promise<ForeignSnapshot> {
  const { at, node } = parseSnapshotName(file.path);
  const image = await imageInFile(place, file);
  const none = file.size === 0 ? 'The file is empty.' : 'There is no database of etcd in it.';
  const { form, entry, restorable, notes } = image ?? {
    form: 'db' as const,
    restorable: false,
    notes: [none],
  };
  return {
    system: 'alauda',
    name: file.path.slice(file.path.lastIndexOf('/') + 1),
    path: file.path,
    form,
    ...(entry !== undefined && { entry }),
    size: file.size,
    ...takenAtOf(at, file.modifiedAt),
    node: node ?? null,
    cluster: null,
    trigger: null,
    companions: [],
    restorable,
    notes,
  };
}
