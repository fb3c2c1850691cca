import { Failure } from '@holdfast/base';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { ServerContext } from '../../context.ts';
import type { Handlers } from '../handler.ts';

/** What the handlers of snapshots work with. */
export interface SnapshotParts {
  readonly context: ServerContext;
  readonly catalogue: Pick<Catalogue, 'scan'>;
}

/** The routes that tell what repositories hold of a cluster. */
export function snapshotHandlers({
  context: { store },
  catalogue,
}: SnapshotParts): Handlers<'listSnapshots' | 'getSnapshot' | 'rescanCluster'> {
  const known = async (cluster: string): Promise<void> => {
    if ((await store.clusters.get(cluster)) !== undefined) return;
    throw new Failure('cluster-unknown', 'there is none of this id', { cluster });
  };
  return {
    listSnapshots: async ({ params: { cluster }, query }) => {
      await known(cluster);
      const { items, next } = await store.snapshots.list({ cluster, ...query });
      return { items: [...items], next };
    },
    getSnapshot: async ({ params: { cluster, snapshot } }) => {
      await known(cluster);
      const found = await store.snapshots.get(cluster, snapshot);
      if (found !== undefined) return found;
      throw new Failure('snapshot-unknown', 'no repository was seen to hold it', { snapshot });
    },
    rescanCluster: async ({ params: { cluster }, signal, note }) => {
      const scan = await catalogue.scan(cluster, signal);
      note({ snapshots: scan.snapshots, found: scan.found, missing: scan.missing });
      return { ...scan, unreachable: [...scan.unreachable] };
    },
  };
}
