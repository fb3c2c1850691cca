import { Failure } from '@holdfast/base';
import { SaveResult, type FleetSnapshot, type Operation, type RestoreRequest } from '@holdfast/model/fleet';
import { checkFree } from './ask-restore.ts';
import { clusterOf } from './ask-save.ts';
import type { StoredCluster } from '../store/clusters.ts';
import type { Tables } from '../store/store.ts';
import type { Inputs } from './inputs.ts';
import { newOperation, placeOf, type Making } from './new-operation.ts';
import type { Asker, Operations } from './operations.ts';
import type { OperationPorts } from './ports.ts';

/** The plan of a restore as it is asked for. @throws Failure cluster-unknown, snapshot-unknown, repository-unknown, no-node */
export async function planOf(
  tables: Tables,
  ports: OperationPorts,
  asker: Asker,
  wanted: Parameters<Operations['plan']>[1] & { readonly restores: boolean },
  making: Making,
): Promise<Operation> {
  const cluster = await clusterOf(tables, wanted.cluster);
  if (wanted.restores) await checkFree(tables, cluster);
  const known = await ports.describe(cluster.id);
  const description = wanted.request.description ?? known.description;
  if (description === null)
    throw new Failure('no-node', ['no agent tells of a member', ...known.notes].join('; '), {
      cluster: cluster.id,
    });
  const placement = wanted.request.placement ?? known.placement;
  await checkPlacement(tables, cluster, wanted.request, description, placement);
  const { repository, snapshot } = await sourceOf(tables, cluster, wanted.request);
  const leader = await leaderOf(tables, ports, {
    ...{ cluster, description, placement, repository, snapshot },
    wanted: wanted.request.snapshot === 'latest' ? undefined : wanted.request.snapshot,
    chosen: wanted.request.members,
  });
  const request = repository === null ? wanted.request : { ...wanted.request, repository };
  const { restores } = wanted;
  const input = { request, description, placement, repository, leader, restores };
  return newOperation(asker, { kind: 'plan', cluster: cluster.id, input }, making);
}

/** Whom nobody can tell anything needs somebody who vouches that it is off. */
async function checkPlacement(
  tables: Tables,
  cluster: StoredCluster,
  { attest, members }: RestoreRequest,
  description: Inputs['plan']['description'],
  placement: Inputs['plan']['placement'],
): Promise<void> {
  const nodes = new Set((await tables.nodes.ofCluster(cluster.id)).map(({ id }) => id));
  const attested = new Set(attest.map(({ member }) => member));
  const parts = [...description.members, ...description.controlPlane].map(({ name }) => name);
  const without = parts.filter((name) => !nodes.has(placement[name] ?? ''));
  const missing = without.filter((name) => !attested.has(name) || members?.includes(name) === true);
  if (missing.length === 0) return;
  const why = `no node is known for ${missing.join(', ')}: say which one, or vouch that it is off`;
  throw new Failure('no-node', why, { cluster: cluster.id, members: missing.join(', ') });
}

/** From where the restore is to come, as far as the catalogue knows it. */
async function sourceOf(
  tables: Tables,
  cluster: StoredCluster,
  request: RestoreRequest,
): Promise<{ readonly repository: string | null; readonly snapshot: FleetSnapshot | undefined }> {
  const { snapshot, clone } = request;
  const repository = request.repository ?? null;
  if (repository !== null && (await tables.repositories.get(repository)) === undefined)
    throw new Failure('repository-unknown', 'it was never added, or was removed', { repository });
  const first = repository ?? cluster.spec.repositories[0] ?? null;
  if (snapshot === undefined || snapshot === 'latest') {
    const asked = { cluster: cluster.id, state: 'verified', limit: 1 } as const;
    const newest = first === null ? undefined : await tables.snapshots.list({ ...asked, repository: first });
    return { repository: first, snapshot: newest?.items[0] };
  }
  const all = await tables.snapshots.all(cluster.id);
  const named = all.filter(({ name, repository: of }) => name === snapshot && (repository ?? of) === of);
  const preferred = cluster.spec.repositories.flatMap((name) =>
    named.filter((each) => each.repository === name),
  );
  const found = preferred[0] ?? named[0];
  if (found !== undefined) return { repository: found.repository, snapshot: found };
  // What the server cannot look into, and snapshots of other clusters, are not in the catalogue of this one.
  const isUnseen = first !== null && (await placeOf(tables, [first])).standsIn;
  if (!isUnseen && !(clone && repository !== null))
    throw new Failure('snapshot-unknown', 'the catalogue of its cluster does not have it', { snapshot });
  return { repository: first, snapshot: undefined };
}

/**
 * The node that makes the plan and leads the restore. A snapshot that lies on one node alone makes that node the first one;
 * with a repository that all reach, the first by name of those that carry a member and are connected is it, and stays it.
 */
async function leaderOf(
  tables: Tables,
  ports: OperationPorts,
  of: Pick<Inputs['plan'], 'description' | 'placement' | 'repository'> & {
    readonly cluster: StoredCluster;
    readonly snapshot: FleetSnapshot | undefined;
    /** Its name, where one was named. */
    readonly wanted: string | undefined;
    readonly chosen: readonly string[] | undefined;
  },
): Promise<string> {
  const { cluster, description, placement, repository, snapshot, wanted, chosen } = of;
  const nodes = await ports.nodesOf(cluster.id);
  const isLocal = repository !== null && (await placeOf(tables, [repository])).standsIn;
  const holder = isLocal ? (snapshot?.node ?? (await saverOf(tables, cluster.id, repository, wanted))) : null;
  if (holder !== null) {
    const node = nodes.find((each) => each.node === holder);
    if (node?.connected === true) return holder;
    const why = `the snapshot lies on ${node?.name ?? holder} alone, which is not connected`;
    throw new Failure('no-node', why, { cluster: cluster.id });
  }
  const members = chosen ?? description.members.map(({ name }) => name);
  const placed = new Set(members.map((name) => placement[name]));
  const carriers = nodes.filter(({ node }) => placed.has(node));
  const first = carriers
    .filter(({ connected }) => connected)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))[0];
  if (first !== undefined) return first.node;
  const names = carriers.map(({ name }) => name).join(', ');
  throw new Failure(
    'no-node',
    `none of those that carry a member is connected: ${names || 'there is none'}`,
    {
      cluster: cluster.id,
    },
  );
}

/** The node that saved a snapshot, or the newest one, in a repository that the server does not read; null: none that is known. */
async function saverOf(
  tables: Tables,
  cluster: string,
  repository: string,
  wanted: string | undefined,
): Promise<string | null> {
  const { items } = await tables.operations.list({ clusters: [cluster], kind: 'save', limit: 1_000 });
  const found = items.find(({ result }) => {
    const saved = SaveResult.safeParse(result).data;
    return saved?.storedIn.includes(repository) === true && (wanted ?? saved.snapshot) === saved.snapshot;
  });
  return found?.node ?? null;
}
