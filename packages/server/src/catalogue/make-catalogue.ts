import { Failure, isFailure } from '@holdfast/base';
import { showSnapshot } from '@holdfast/engine';
import type { FleetSnapshot } from '@holdfast/model/fleet';
import type { ServerContext } from '../context.ts';
import type { StoredCluster } from '../store/clusters.ts';
import type { StoredNode } from '../store/nodes.ts';
import type { StoredRepository } from '../store/repositories.ts';
import type { Catalogue, OpenFleetRepository, Scan } from './catalogue.ts';
import { indexListing } from './index-listing.ts';
import { keepScanning } from './keep-scanning.ts';
import { relevanceOf, relevanceOfAll } from './relevant.ts';
import { Repositories } from './repositories.ts';
import { snapshotId, toSnapshot } from './to-snapshot.ts';

/** The catalogue, with what looks through all repositories by itself until the signal; it rejects with nothing. */
export type RunningCatalogue = Catalogue & {
  run(signal: AbortSignal): Promise<void>;
  /** Looks through one repository for all clusters. @throws Failure repository-unknown; what keeps it from being read */
  scanRepository(name: string, signal: AbortSignal): Promise<void>;
};

/** @param open `fleetOpener(context, …)` */
export function makeCatalogue(
  context: ServerContext,
  { open }: { readonly open: OpenFleetRepository },
): RunningCatalogue {
  const catalogue = new StoreCatalogue(context, new Repositories(context, open));
  return {
    scan: (cluster, signal) => catalogue.scan(cluster, signal),
    refresh: (...asked) => catalogue.refresh(...asked),
    unknown: (repository, signal) => catalogue.unknown(repository, signal),
    scanRepository: (name, signal) => catalogue.scanRepository(name, signal),
    run: (signal) => keepScanning(context, catalogue, signal),
  };
}

class StoreCatalogue implements Catalogue {
  readonly #context: ServerContext;
  readonly #repositories: Repositories;

  constructor(context: ServerContext, repositories: Repositories) {
    this.#context = context;
    this.#repositories = repositories;
  }

  async scan(id: string, signal: AbortSignal): Promise<Scan> {
    const { store } = this.#context;
    const cluster = await this.#cluster(id);
    const [{ isRelevant }, all, nodes] = await Promise.all([
      relevanceOf(store, id),
      store.repositories.all(),
      store.nodes.ofCluster(id),
    ]);
    const result = { snapshots: 0, found: 0, missing: 0, unreachable: [] as Scan['unreachable'][number][] };
    for (const repository of all) {
      if (!repository.spec.readByServer || !isRelevant(cluster, repository.name)) continue;
      try {
        const listing = await this.#repositories.list(repository, signal, cluster.spec.name);
        const indexed = await indexListing(store, place(repository, cluster, nodes), listing);
        result.snapshots += indexed.snapshots;
        result.found += indexed.found;
        result.missing += indexed.missing;
      } catch (error) {
        if (signal.aborted || !isFailure(error)) throw error;
        result.unreachable.push({ repository: repository.name, why: `${error.message}: ${error.why}` });
      }
    }
    return result;
  }

  async scanRepository(name: string, signal: AbortSignal): Promise<void> {
    const { store } = this.#context;
    const repository = await this.#repositories.named(name);
    if (!repository.spec.readByServer) return;
    const listing = await this.#repositories.list(repository, signal);
    const [{ isRelevant }, clusters, nodes, heads] = await Promise.all([
      relevanceOfAll(store),
      store.clusters.all(),
      store.nodes.all(),
      store.snapshots.heads(),
    ]);
    const named = new Set(listing.clusters.map((each) => each.name));
    const snapshotsOf = Map.groupBy(listing.snapshots, ({ cluster }) => cluster.name);
    const known = new Set(heads.filter((each) => each.repository === name).map(({ cluster }) => cluster));
    const nodesOf = Map.groupBy(nodes, ({ cluster }) => cluster);
    for (const cluster of clusters) {
      // Most clusters have nothing in most repositories.
      if (!named.has(cluster.spec.name) && !known.has(cluster.id)) continue;
      if (!isRelevant(cluster, name)) continue;
      signal.throwIfAborted();
      const its = { ...listing, snapshots: snapshotsOf.get(cluster.spec.name) ?? [] };
      await indexListing(store, place(repository, cluster, nodesOf.get(cluster.id) ?? []), its);
    }
  }

  async refresh(
    id: string,
    repositoryName: string,
    name: string,
    signal: AbortSignal,
    drilledAt?: string,
  ): Promise<FleetSnapshot | undefined> {
    const { store, clock, holdfast } = this.#context;
    const cluster = await this.#cluster(id);
    const stored = await this.#repositories.named(repositoryName);
    const snapshot = snapshotId(repositoryName, name);
    const before = await store.snapshots.get(id, snapshot);
    const drilled = drilledAt ?? before?.drilledAt ?? null;
    const of = { cluster: id, repository: repositoryName };
    if (!stored.spec.readByServer) {
      if (before !== undefined) await store.snapshots.put(of, [{ ...before, drilledAt: drilled }], 'some');
      return before && { ...before, drilledAt: drilled };
    }
    const repository = await this.#repositories.open(stored, signal);
    try {
      const choice = { name, cluster: cluster.spec.name };
      const entry = await showSnapshot({ clock, holdfast, signal }, repository, choice);
      const nodes = await store.nodes.ofCluster(id);
      const found = { repository: repositoryName, cluster: id, nodes, drilledAt: drilled };
      const fresh = toSnapshot(entry, found);
      await store.snapshots.put(of, [fresh], 'some');
      return fresh;
    } catch (error) {
      if (!isFailure(error, 'snapshot-missing') && !isFailure(error, 'cluster-missing')) throw error;
      await store.snapshots.remove(id, snapshot);
      return undefined;
    }
  }

  async unknown(
    name: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly id: string; readonly snapshots: number }[]> {
    const listing = await this.#repositories.list(await this.#repositories.named(name), signal);
    const known = new Set((await this.#context.store.clusters.all()).map(({ spec }) => spec.name));
    return listing.clusters
      .filter((each) => !known.has(each.name))
      .map((each) => ({
        name: each.name,
        id: each.id,
        snapshots: listing.snapshots.filter(({ cluster }) => cluster.id === each.id).length,
      }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  async #cluster(id: string): Promise<StoredCluster> {
    const found = await this.#context.store.clusters.get(id);
    if (found !== undefined) return found;
    throw new Failure('cluster-unknown', 'there is none of this id', { cluster: id });
  }
}

function place(
  { name }: StoredRepository,
  { id, spec }: StoredCluster,
  nodes: readonly StoredNode[],
): Parameters<typeof indexListing>[1] {
  return { repository: name, cluster: { id, name: spec.name }, nodes };
}
