import type { CollectedNode, NodeFile } from '../../companions/index.ts';
import type { ForeignCompanion, ForeignPlace, ForeignSnapshot, ForeignSystem } from '../foreign.ts';
import { readCompanion } from './read-companion.ts';

/** How the clusters of each system are made, as far as their companions go. */
const distributions: Record<ForeignSystem, CollectedNode['distribution']> = {
  k3s: 'k3s',
  rke2: 'rke2',
  rke: 'rke',
  'rancher-1.6': 'plain',
  alauda: 'kubeadm',
  etcd: 'plain',
  gardener: 'plain',
};

const uses: Record<ForeignCompanion['what'], string> = {
  'cluster-state': 'the state of the cluster: its certificates and keys, and how it was configured',
  'cluster-spec': 'how the cluster was configured',
  pki: 'certificates and keys of the cluster',
  'token-hash': "a hash of the servers' token, which the bootstrap data is sealed with",
};

/**
 * Reads what lies in or beside a foreign snapshot and belongs to a restore, as companions are kept. They are secret.
 * What cannot be read is named.
 *
 * @returns undefined where there is nothing
 * @throws what the place throws; the signal's reason
 */
export async function foreignCompanions(
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
  signal: AbortSignal,
): Promise<CollectedNode | undefined> {
  const files: NodeFile[] = [];
  const left: { path: string; why: string }[] = [];
  // A hash is kept beside the file by its server, and of no use to a restore.
  for (const companion of snapshot.companions.filter(({ what }) => what !== 'token-hash')) {
    signal.throwIfAborted();
    const path = absolute(companion.path);
    const read = await readCompanion(place, snapshot, companion);
    if ('why' in read) left.push({ path, why: read.why });
    else
      files.push({
        ...{ path, why: uses[companion.what], secret: true },
        content: read.content,
        modifiedAt: snapshot.takenAt,
      });
  }
  if (files.length === 0 && left.length === 0) return undefined;
  return {
    distribution: distributions[snapshot.system],
    node: snapshot.node ?? 'unknown',
    collectedAt: snapshot.takenAt,
    files,
    left,
  };
}

/** As on a node: RKE's archives have such names already. */
function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
