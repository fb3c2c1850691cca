import { z } from 'zod';
import { ClusterId, Moment, RepositoryName } from '../fleet/ids.ts';
import { FleetPolicy } from '../fleet/policy.ts';
import { FleetRepository, RepositorySecrets, RepositorySpec } from '../fleet/repository.ts';
import { FleetSnapshot } from '../fleet/snapshot.ts';
import { Operation } from '../fleet/operation.ts';
import { Policy, policyNamePattern } from '../policy/policy.ts';
import { Span } from '../policy/retention.ts';
import { PageQuery, pageOf, routesOf } from './route.ts';

const Cluster = z.strictObject({ cluster: ClusterId });
const Repository = z.strictObject({ repository: RepositoryName });
const OnePolicy = Cluster.extend({
  policy: z
    .string()
    .regex(
      policyNamePattern,
      'a name is up to 63 lower-case letters, digits and dashes, with no dash at its ends',
    ),
});
const Snapshot = Cluster.extend({ snapshot: z.string().max(400) });

const WrittenRepository = z.strictObject({
  spec: RepositorySpec,
  /** What is left out stays as it is; null takes it away. */
  secrets: z.partialRecord(RepositorySecrets.keyof(), z.string().nullable()).default({}),
});

export const backupRoutes = routesOf({
  listRepositories: {
    summary: 'Lists the repositories',
    method: 'GET',
    path: '/v1/repositories',
    permission: 'view',
    scope: 'some',
    query: PageQuery,
    reply: pageOf(FleetRepository),
    form: 'page',
    status: 200,
  },
  createRepository: {
    summary: 'Adds a repository; it is opened first where the server reads it',
    method: 'POST',
    path: '/v1/repositories',
    permission: 'admin',
    scope: null,
    body: WrittenRepository.extend({
      /** Makes one where there is none: an empty or absent folder, or a bucket without a repository. */
      create: z.boolean().default(false),
    }),
    reply: FleetRepository,
    status: 201,
    etag: 'sent',
    idempotent: true,
  },
  getRepository: {
    summary: 'Tells a repository',
    method: 'GET',
    path: '/v1/repositories/:repository',
    permission: 'view',
    scope: 'some',
    params: Repository,
    reply: FleetRepository,
    status: 200,
    etag: 'sent',
  },
  putRepository: {
    summary: 'Changes a repository; running agents hear of it with their next sync',
    method: 'PUT',
    path: '/v1/repositories/:repository',
    permission: 'admin',
    scope: null,
    params: Repository,
    body: WrittenRepository,
    reply: FleetRepository,
    status: 200,
    etag: 'required',
  },
  deleteRepository: {
    summary: 'Forgets a repository; what it holds stays there',
    method: 'DELETE',
    path: '/v1/repositories/:repository',
    permission: 'admin',
    scope: null,
    params: Repository,
    reply: null,
    status: 204,
  },
  probeRepository: {
    summary: 'Tries a repository from the server: reach, put, get, delete',
    method: 'POST',
    path: '/v1/repositories/:repository/probe',
    permission: 'admin',
    scope: null,
    params: Repository,
    reply: z.object({
      ok: z.boolean(),
      checks: z.array(z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })),
    }),
    status: 200,
  },
  listUnknownClusters: {
    summary:
      'Lists the clusters that a repository holds and the fleet does not know; adding one of the name adopts it',
    method: 'GET',
    path: '/v1/repositories/:repository/unknown-clusters',
    permission: 'admin',
    scope: null,
    params: Repository,
    query: PageQuery,
    reply: pageOf(
      z.object({
        name: z.string(),
        /** The cluster's id in the repository. */
        id: z.string(),
        snapshots: z.int().min(0),
      }),
    ),
    form: 'page',
    status: 200,
  },
  listPolicies: {
    summary: 'Lists the policies of a cluster',
    method: 'GET',
    path: '/v1/clusters/:cluster/policies',
    permission: 'view',
    scope: 'cluster',
    params: Cluster,
    query: PageQuery,
    reply: pageOf(FleetPolicy),
    form: 'page',
    status: 200,
  },
  putPolicy: {
    summary: 'Makes a policy, or changes it',
    method: 'PUT',
    path: '/v1/clusters/:cluster/policies/:policy',
    permission: 'admin',
    scope: 'cluster',
    params: OnePolicy,
    body: Policy,
    reply: FleetPolicy,
    status: 200,
    etag: 'sent',
  },
  getPolicy: {
    summary: 'Tells a policy',
    method: 'GET',
    path: '/v1/clusters/:cluster/policies/:policy',
    permission: 'view',
    scope: 'cluster',
    params: OnePolicy,
    reply: FleetPolicy,
    status: 200,
    etag: 'sent',
  },
  deletePolicy: {
    summary: 'Removes a policy; its snapshots stay',
    method: 'DELETE',
    path: '/v1/clusters/:cluster/policies/:policy',
    permission: 'admin',
    scope: 'cluster',
    params: OnePolicy,
    reply: null,
    status: 204,
  },
  pausePolicy: {
    summary: 'Pauses a policy, with a reason',
    method: 'POST',
    path: '/v1/clusters/:cluster/policies/:policy/pause',
    permission: 'save',
    scope: 'cluster',
    params: OnePolicy,
    body: z.strictObject({
      reason: z.string().min(1).max(500),
      for: Span.optional(),
      /** In place of `for`. */
      until: Moment.optional(),
    }),
    reply: FleetPolicy,
    status: 200,
  },
  resumePolicy: {
    summary: 'Ends the pause of a policy',
    method: 'POST',
    path: '/v1/clusters/:cluster/policies/:policy/resume',
    permission: 'save',
    scope: 'cluster',
    params: OnePolicy,
    reply: FleetPolicy,
    status: 200,
  },
  runPolicy: {
    summary: 'Saves now, as the policy would',
    method: 'POST',
    path: '/v1/clusters/:cluster/policies/:policy/run',
    permission: 'save',
    scope: 'cluster',
    params: OnePolicy,
    reply: Operation,
    status: 202,
    idempotent: true,
  },
  listSnapshots: {
    summary: 'Lists the snapshots of a cluster, newest first',
    method: 'GET',
    path: '/v1/clusters/:cluster/snapshots',
    permission: 'view',
    scope: 'cluster',
    params: Cluster,
    query: PageQuery.extend({
      repository: z.string().optional(),
      policy: z.string().optional(),
      state: FleetSnapshot.shape.state.optional(),
    }),
    reply: pageOf(FleetSnapshot),
    form: 'page',
    status: 200,
  },
  saveSnapshot: {
    summary: 'Saves a snapshot',
    method: 'POST',
    path: '/v1/clusters/:cluster/snapshots',
    permission: 'save',
    scope: 'cluster',
    params: Cluster,
    body: z.strictObject({
      /** Those of the cluster when absent. */
      repositories: z.array(RepositoryName).min(1).optional(),
      name: z.string().max(253).optional(),
      /** Kept until a person deletes it. */
      preUpgrade: z.boolean().default(false),
    }),
    reply: Operation,
    status: 202,
    idempotent: true,
  },
  getSnapshot: {
    summary: 'Tells a snapshot',
    method: 'GET',
    path: '/v1/clusters/:cluster/snapshots/:snapshot',
    permission: 'view',
    scope: 'cluster',
    params: Snapshot,
    reply: FleetSnapshot,
    status: 200,
  },
  deleteSnapshot: {
    summary: 'Deletes a snapshot from its repository',
    method: 'DELETE',
    path: '/v1/clusters/:cluster/snapshots/:snapshot',
    permission: 'admin',
    scope: 'cluster',
    params: Snapshot,
    query: z.strictObject({ reason: z.string().min(3).max(500) }),
    reply: Operation,
    status: 202,
  },
  verifySnapshot: {
    summary: 'Reads a snapshot again and proves it',
    method: 'POST',
    path: '/v1/clusters/:cluster/snapshots/:snapshot/verify',
    permission: 'save',
    scope: 'cluster',
    params: Snapshot,
    reply: Operation,
    status: 202,
    idempotent: true,
  },
  drillSnapshot: {
    summary: 'Restores a snapshot in a throw-away etcd',
    method: 'POST',
    path: '/v1/clusters/:cluster/snapshots/:snapshot/drill',
    permission: 'save',
    scope: 'cluster',
    params: Snapshot,
    reply: Operation,
    status: 202,
    idempotent: true,
  },
});
