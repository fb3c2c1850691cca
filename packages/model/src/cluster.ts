import { z } from 'zod';

/** What a cluster may be called: one path-safe word. */
export const clusterNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** A cluster as the repository knows it. The id is made once and survives restores, which change etcd's own id. */
export const ClusterRecord = z.object({
  apiVersion: z.literal('holdfast.dev/v1'),
  kind: z.literal('Cluster'),
  id: z.uuid(),
  name: z.string().regex(clusterNamePattern),
  createdAt: z.iso.datetime(),
  /** UID of the namespace kube-system, which then is `id` as well; absent for an etcd without Kubernetes. */
  kubernetesUid: z.uuid().optional(),
});
export type ClusterRecord = z.infer<typeof ClusterRecord>;
