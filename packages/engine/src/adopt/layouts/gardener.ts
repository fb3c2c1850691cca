import { inParallel } from '@holdfast/repository';
import type { ForeignFile, ForeignLayout, ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { imageInFile } from './image-in-file.ts';

/**
 * What gardener's etcd-backup-restore leaves (pkg/types/snapstore.go): `v2/<kind>-<first revision>-<last revision>-<unix
 * time>`, with an ending for how it is compressed. `Full` is a snapshot of etcd, `Incr` a list of events after it.
 */
export const gardener: ForeignLayout = {
  system: 'gardener',
  async recognise(place, files) {
    const named = files.flatMap((file) => {
      const groups = pattern.exec(file.path)?.groups;
      return groups === undefined ? [] : [{ file, groups }];
    });
    const snapshots = await inParallel(named, ({ file, groups }) => snapshotOf(place, file, groups));
    return { snapshots, taken: new Set(named.map(({ file }) => file.path)) };
  },
};

const pattern =
  /(?:^|\/)(?<name>(?<kind>Full|Incr)-(?<first>\d{8,})-(?<last>\d{8,})-(?<unix>\d{9,11})(?<packed>\.gz|\.Z|\.zlib)?(?:\.final)?)$/;

async function snapshotOf(
  place: ForeignPlace,
  file: ForeignFile,
  { name = '', kind, first, last, unix, packed }: Record<string, string>,
): Promise<ForeignSnapshot> {
  const image = kind === 'Full' ? await imageInFile(place, file) : null;
  return {
    system: 'gardener',
    name,
    path: file.path,
    form: image?.form ?? (packed === '.gz' ? 'gzip' : 'db'),
    size: file.size,
    takenAt: new Date(Number(unix) * 1000),
    takenAtFrom: 'name',
    node: null,
    cluster: null,
    trigger: null,
    companions: [],
    restorable: image?.restorable === true,
    notes: image?.notes ?? [
      kind === 'Incr'
        ? `It holds the changes of revisions ${Number(first)} to ${Number(last)}, which etcdbrctl alone applies to the full snapshot before them.`
        : packed === '.Z' || packed === '.zlib'
          ? `It is compressed by ${packed === '.Z' ? 'LZW' : 'zlib'}: unpack it first.`
          : 'There is no database of etcd in it.',
    ],
  };
}
