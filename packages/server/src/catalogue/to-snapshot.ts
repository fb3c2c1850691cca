import { storedBytes } from '@holdfast/model';
import type { FleetSnapshot } from '@holdfast/model/fleet';
import type { SnapshotEntry } from '@holdfast/repository';
import type { StoredNode } from '../store/nodes.ts';

/** Where a snapshot was found, and what repositories do not hold. */
export interface Found {
  readonly repository: string;
  /** The cluster of the fleet. */
  readonly cluster: string;
  /** Those of the cluster. */
  readonly nodes: readonly StoredNode[];
  /** When the newest drill of it passed. */
  readonly drilledAt: string | null;
}

/** The id of a snapshot in its cluster. */
export function snapshotId(repository: string, name: string): string {
  return `${repository}:${name}`;
}

/** A snapshot of a repository, as the catalogue lists it. */
export function toSnapshot(entry: SnapshotEntry, found: Found): FleetSnapshot {
  const { manifest, name, state } = entry;
  const { member, versions, quorum, content, times } = manifest;
  return {
    id: snapshotId(found.repository, name),
    name,
    cluster: found.cluster,
    repository: found.repository,
    repositoryCluster: entry.cluster.id,
    state,
    drilledAt: found.drilledAt,
    degraded: quorum.state !== 'healthy',
    trusted: entry.trust.trusted,
    sealed: manifest.objects.some(({ role, encoding }) => role === 'snapshot' && encoding.endsWith('age')),
    trigger: manifest.trigger,
    policy: manifest.policy,
    revision: manifest.revision,
    etcdVersion: versions.etcd,
    kubernetesVersion: manifest.companions?.kubernetes.version ?? null,
    node: nodeOf(member.id, found.nodes),
    member: member.name,
    size: content.size,
    storedBytes: storedBytes(manifest),
    sha256: content.sha256,
    startedAt: times.startedAt,
    finishedAt: times.finishedAt,
    pinned: entry.pin !== null,
    missing: false,
  };
}

/** The node whose agent tells of a member with this id. */
function nodeOf(member: string | null, nodes: readonly StoredNode[]): string | null {
  if (member === null) return null;
  return nodes.find(({ inventory }) => inventory?.members.some(({ id }) => id === member))?.id ?? null;
}
