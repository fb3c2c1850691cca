import { z } from 'zod';
import { ClusterSpec, FleetCluster } from '../fleet/cluster.ts';
import { ClusterId, Moment, NodeId } from '../fleet/ids.ts';
import { FleetNode } from '../fleet/node.ts';
import { Operation } from '../fleet/operation.ts';
import { ClusterDescription } from '../restore/cluster-description.ts';
import { Placement } from '../fleet/restore-request.ts';
import { PageQuery, pageOf, routesOf } from './route.ts';

const Cluster = z.strictObject({ cluster: ClusterId });
const Node = z.strictObject({ node: NodeId });

const JoinToken = z.object({
  /** The first letters of the token, by which it is known. */
  id: z.string(),
  cluster: ClusterId,
  expiresAt: Moment,
  /** How many nodes may still join with it; null: any number. */
  usesLeft: z.int().nullable(),
  createdBy: z.string(),
});

export const clusterRoutes = routesOf({
  listClusters: {
    summary: 'Lists the clusters that the caller may see',
    method: 'GET',
    path: '/v1/clusters',
    permission: 'view',
    scope: 'some',
    query: PageQuery.extend({ name: z.string().optional() }),
    reply: pageOf(FleetCluster),
    form: 'page',
    status: 200,
  },
  createCluster: {
    summary: 'Adds a cluster',
    method: 'POST',
    path: '/v1/clusters',
    permission: 'admin',
    scope: null,
    body: ClusterSpec,
    reply: FleetCluster,
    status: 201,
    etag: 'sent',
    idempotent: true,
  },
  getCluster: {
    summary: 'Tells a cluster',
    method: 'GET',
    path: '/v1/clusters/:cluster',
    permission: 'view',
    scope: 'cluster',
    params: Cluster,
    reply: FleetCluster,
    status: 200,
    etag: 'sent',
  },
  putCluster: {
    summary: 'Changes what was said of a cluster',
    method: 'PUT',
    path: '/v1/clusters/:cluster',
    permission: 'admin',
    scope: 'cluster',
    params: Cluster,
    body: ClusterSpec,
    reply: FleetCluster,
    status: 200,
    etag: 'required',
  },
  deleteCluster: {
    summary:
      'Forgets a cluster, with its nodes, policies and operations; its snapshots stay in their repositories',
    method: 'DELETE',
    path: '/v1/clusters/:cluster',
    permission: 'admin',
    scope: 'cluster',
    params: Cluster,
    /** The name of the cluster, against mistakes. */
    query: z.strictObject({ confirm: z.string() }),
    reply: null,
    status: 204,
  },
  describeCluster: {
    summary: 'Tells the cluster as a restore would see it, by what its agents tell',
    method: 'GET',
    path: '/v1/clusters/:cluster/description',
    permission: 'view',
    scope: 'cluster',
    params: Cluster,
    reply: z.object({
      description: ClusterDescription.nullable(),
      placement: Placement,
      notes: z.array(z.string()),
    }),
    status: 200,
  },
  getRunbook: {
    summary: 'Tells how this cluster is brought back without this server, as Markdown',
    method: 'GET',
    path: '/v1/clusters/:cluster/runbook',
    permission: 'view',
    scope: 'cluster',
    params: Cluster,
    reply: z.string(),
    form: 'text',
    status: 200,
  },
  rescanCluster: {
    summary: 'Looks anew what the repositories hold of a cluster',
    method: 'POST',
    path: '/v1/clusters/:cluster/rescan',
    permission: 'save',
    scope: 'cluster',
    params: Cluster,
    reply: z.object({
      snapshots: z.int(),
      found: z.int(),
      missing: z.int(),
      unreachable: z.array(z.object({ repository: z.string(), why: z.string() })),
    }),
    status: 200,
  },
  listNodes: {
    summary: 'Lists the nodes of a cluster',
    method: 'GET',
    path: '/v1/clusters/:cluster/nodes',
    permission: 'view',
    scope: 'cluster',
    params: Cluster,
    query: PageQuery,
    reply: pageOf(FleetNode),
    form: 'page',
    status: 200,
  },
  getNode: {
    summary: 'Tells a node',
    method: 'GET',
    path: '/v1/nodes/:node',
    permission: 'view',
    scope: 'thing',
    params: Node,
    reply: FleetNode,
    status: 200,
  },
  deleteNode: {
    summary: 'Forgets a node: its agent is not let in any more',
    method: 'DELETE',
    path: '/v1/nodes/:node',
    permission: 'admin',
    scope: 'thing',
    params: Node,
    reply: null,
    status: 204,
  },
  restartNodes: {
    summary:
      'Restarts what runs Kubernetes on the nodes of a cluster, one after the other; 409 while a restore is at work',
    method: 'POST',
    path: '/v1/clusters/:cluster/restart-nodes',
    permission: 'restore',
    scope: 'cluster',
    params: Cluster,
    body: z.strictObject({
      /** These alone; all of the cluster when absent. */
      nodes: z.array(NodeId).min(1).max(10_000).optional(),
    }),
    reply: Operation,
    status: 202,
    idempotent: true,
  },
  createJoinToken: {
    summary: 'Makes a token with which agents join a cluster; it is told this once',
    method: 'POST',
    path: '/v1/clusters/:cluster/join-tokens',
    permission: 'admin',
    scope: 'cluster',
    params: Cluster,
    body: z.strictObject({
      /** Seconds; an hour when absent, a week at most. */
      lifetimeSeconds: z.int().min(60).max(604_800).default(3_600),
      uses: z.int().min(1).max(10_000).nullable().default(null),
    }),
    reply: JoinToken.extend({ token: z.string(), caSha256: z.string() }),
    status: 201,
  },
  listJoinTokens: {
    summary: 'Lists the join tokens of a cluster that can still be used',
    method: 'GET',
    path: '/v1/clusters/:cluster/join-tokens',
    permission: 'admin',
    scope: 'cluster',
    params: Cluster,
    query: PageQuery,
    reply: pageOf(JoinToken),
    form: 'page',
    status: 200,
  },
  deleteJoinToken: {
    summary: 'Ends a join token',
    method: 'DELETE',
    path: '/v1/clusters/:cluster/join-tokens/:token',
    permission: 'admin',
    scope: 'cluster',
    params: Cluster.extend({ token: z.string().max(50) }),
    reply: null,
    status: 204,
  },
});
