import { z } from 'zod';
import { clusterNamePattern } from '../cluster.ts';
import { ClusterId, Moment, RepositoryName } from './ids.ts';

/** What a person says of a cluster. */
export const ClusterSpec = z.strictObject({
  /** Also its name in the repositories. */
  name: z.string().regex(clusterNamePattern, 'a name is one word of letters, digits and . _ - (at most 63)'),
  description: z.string().max(500).default(''),
  /** How its etcd is run, as its agents are to expect it. */
  distribution: z.enum(['etcd', 'kubeadm', 'k3s', 'rke2', 'rke']).default('etcd'),
  /** Where its restores save what they save, and Rancher's backupEtcd stores; the first is asked for snapshots first. */
  repositories: z.array(RepositoryName).default([]),
  /** How many other people have to allow a restore before it begins. */
  approvals: z.int().min(0).max(5).default(0),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;

/** Whether it can be brought back: the worst of what is known. */
export const ClusterHealth = z.enum(['healthy', 'degraded', 'lost', 'unknown']);

/** A cluster of the fleet. */
export const FleetCluster = z.object({
  id: ClusterId,
  ...ClusterSpec.shape,
  createdAt: Moment,
  updatedAt: Moment,
  /** Counts changes of the spec; also its ETag. */
  version: z.int().min(1),
  /** By what its agents and snapshots tell; all null while nothing is known. */
  status: z.object({
    /** `healthy`: every member in quorum. `degraded`: a quorum. `lost`: none. `unknown`: no agent tells. */
    health: ClusterHealth,
    nodes: z.object({ total: z.int(), connected: z.int() }),
    etcdVersion: z.string().nullable(),
    kubernetesVersion: z.string().nullable(),
    /** When the newest verified snapshot was taken, and its name and repository. */
    newestVerified: z.object({ name: z.string(), repository: z.string(), at: Moment }).nullable(),
    snapshots: z.int().min(0),
    /** The operation that changes it now: nothing else may. */
    busy: z.string().nullable(),
    alerts: z.int().min(0),
  }),
});
export type FleetCluster = z.infer<typeof FleetCluster>;
