import { Failure } from '@holdfast/base';
import type { FleetCluster } from '@holdfast/model/fleet';
import { clusterNamed, unknownCluster } from '../../clusters/cluster-named.ts';
import { describeCluster } from '../../clusters/describe.ts';
import { refuseUngiven } from '../../clusters/repositories-given.ts';
import { expectRepositories } from '../../clusters/repositories-known.ts';
import { runbookOf } from '../../clusters/runbook.ts';
import { viewClusters } from '../../clusters/view.ts';
import type { ServerContext } from '../../context.ts';
import type { Gate } from '../../gate/gate.ts';
import { newId } from '../../ids.ts';
import type { StoredCluster } from '../../store/clusters.ts';
import { clustersSeen } from '../clusters-seen.ts';
import type { Handlers } from '../handler.ts';
import { RequestRefused } from '../problem.ts';

type Names =
  | 'listClusters'
  | 'createCluster'
  | 'getCluster'
  | 'putCluster'
  | 'deleteCluster'
  | 'describeCluster'
  | 'getRunbook';

/** Clusters: what is said of them, and what their agents and snapshots tell. */
export function clusterHandlers(context: ServerContext, gate: Pick<Gate, 'connected'>): Handlers<Names> {
  const { store, clock } = context;
  const view = async (cluster: StoredCluster): Promise<FleetCluster> =>
    (await viewClusters(store, gate, [cluster]))[0]!;
  const versioned = async (cluster: StoredCluster) => ({
    body: await view(cluster),
    version: cluster.version,
  });
  return {
    async listClusters({ query: { name, ...asked }, caller }) {
      const ids = clustersSeen(caller);
      if (name !== undefined) {
        const found = await store.clusters.byName(name);
        const isSeen = found !== undefined && (ids === null || ids.includes(found.id));
        return { items: isSeen ? [await view(found)] : [], next: null };
      }
      const { items, next } = await store.clusters.list({ ...asked, ids });
      return { items: await viewClusters(store, gate, items), next };
    },
    async createCluster({ body, note }) {
      await expectRepositories(store, body.repositories);
      const id = newId('c', context.random);
      const cluster = await store.clusters.create({ id, spec: body, createdAt: clock.now().toISOString() });
      if (cluster === null) throw new Failure('name-taken', 'another cluster has it', { name: body.name });
      note({ name: body.name }, { cluster: id, of: id });
      return versioned(cluster);
    },
    getCluster: async ({ params }) => versioned(await clusterNamed(store, params.cluster)),
    async putCluster({ params, body, ifMatch, caller }) {
      const cluster = await clusterNamed(store, params.cluster);
      const { spec } = cluster;
      if (spec.name !== body.name) throw new RequestRefused([nameStays(spec.name)]);
      await refuseUngiven(store, caller, cluster, body.repositories);
      await expectRepositories(store, body.repositories);
      const at = clock.now().toISOString();
      const put = await store.clusters.put(params.cluster, ifMatch, body, at);
      if ('missing' in put) throw unknownCluster(params.cluster);
      if ('conflict' in put)
        throw new Failure('version-conflict', `it is at version ${put.conflict.version} now`);
      store.bell.ring('cluster', params.cluster);
      return versioned(put.put);
    },
    async deleteCluster({ params, query, note }) {
      const { spec, heldBy } = await clusterNamed(store, params.cluster);
      const { name } = spec;
      if (query.confirm !== name) throw new Failure('confirm-wrong', `it is called ${name}`, { name });
      if (heldBy !== null)
        throw new Failure('cluster-busy', `${heldBy} is not over`, {
          holder: heldBy,
          cluster: params.cluster,
        });
      if (!(await store.clusters.remove(params.cluster))) throw unknownCluster(params.cluster);
      store.bell.ring('cluster', params.cluster);
      note({ name });
      return undefined;
    },
    async describeCluster({ params }) {
      const cluster = await clusterNamed(store, params.cluster);
      const nodes = await store.nodes.ofCluster(cluster.id);
      const told = describeCluster(cluster, nodes, (node) => gate.connected(node));
      return { ...told, notes: [...told.notes] };
    },
    async getRunbook({ params }) {
      const cluster = await clusterNamed(store, params.cluster);
      const [nodes, policies, repositories, snapshots] = await Promise.all([
        store.nodes.ofCluster(cluster.id),
        store.policies.ofCluster(cluster.id),
        store.repositories.all(),
        store.snapshots.list({ cluster: cluster.id, limit: 10 }),
      ]);
      const described = describeCluster(cluster, nodes, (node) => gate.connected(node));
      return runbookOf({
        ...{ cluster, nodes, described, policies, repositories },
        snapshots: snapshots.items,
        holdfast: context.holdfast,
        at: clock.now(),
      });
    },
  };
}

function nameStays(name: string) {
  const detail = `a cluster keeps its name, ${name}: its snapshots are stored under it`;
  return { pointer: '/body/name', detail };
}
