import { Failure, isFailure } from '@holdfast/base';
import { ClusterId, type FleetCluster } from '@holdfast/model/fleet';
import type { Fleet } from './connection.ts';

/**
 * The cluster that is meant: by its name or id, or the only one that the caller may see.
 *
 * @throws Failure cluster-unknown, usage where it could be several
 */
export async function clusterNamed(fleet: Fleet, word?: string): Promise<FleetCluster> {
  const { client, session } = fleet;
  const wanted = word ?? session.settings.cluster;
  if (wanted === undefined) return await onlyCluster(fleet);
  if (ClusterId.safeParse(wanted).success) {
    try {
      return await client.call('getCluster', { params: { cluster: wanted } });
    } catch (error) {
      // It may be a name that looks like an id.
      if (!isFailure(error, 'cluster-unknown')) throw error;
    }
  }
  const { items } = await client.call('listClusters', { query: { name: wanted } });
  const found = items.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = (await Array.fromAsync(client.pages('listClusters'))).map(({ name }) => name);
  throw new Failure('cluster-unknown', `it has ${names.join(', ') || 'none'}`, { cluster: wanted });
}

async function onlyCluster({ client }: Fleet): Promise<FleetCluster> {
  const all = await Array.fromAsync(client.pages('listClusters'));
  const [first, second] = all;
  if (first !== undefined && second === undefined) return first;
  const why =
    first === undefined
      ? 'the server has no cluster that you may see; `holdfast cluster add` adds one'
      : `--cluster is missing: the server has ${all.map(({ name }) => name).join(', ')}`;
  throw new Failure('usage', why);
}

/** Names of clusters by id, for tables. */
export async function clusterNames({ client }: Fleet): Promise<ReadonlyMap<string, string>> {
  const all = await Array.fromAsync(client.pages('listClusters'));
  return new Map(all.map(({ id, name }) => [id, name]));
}
