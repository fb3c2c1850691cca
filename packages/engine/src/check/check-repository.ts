import type { Failure } from '@holdfast/base';
import type { ClusterName, Listing, Repository, SnapshotEntry } from '@holdfast/repository';
import { checkStoredChain, findLeftovers, type Leftover } from '@holdfast/repository/maintenance';
import type { VerbContext } from '../context.ts';
import { chooseToRead, type ReadChoice } from './choose.ts';
import type { CheckFinding } from './finding.ts';
import { readSnapshots, type SnapshotsRead } from './read-snapshots.ts';

/** What is to be checked beside the records. */
export interface CheckRequest {
  readonly read: ReadChoice;
  /** Whether what is read is also opened, which takes keys where it is sealed. */
  readonly open: boolean;
  /** The folder of the client's memory, against which chains are held; nothing is remembered without. */
  readonly memory?: string | undefined;
}

/** A cluster after a check. */
export interface CheckedCluster {
  readonly cluster: ClusterName;
  readonly snapshots: number;
  /** The newest snapshot against which nothing speaks; null: there is none. */
  readonly newestTrusted: SnapshotEntry | null;
}

/** What a check of a repository found. */
export interface RepositoryCheck {
  readonly clusters: readonly CheckedCluster[];
  /** Empty when nothing is wrong. */
  readonly findings: readonly CheckFinding[];
  readonly leftovers: readonly Leftover[];
  readonly read: SnapshotsRead;
  /** Why the client could not remember the chains that it saw. */
  readonly unremembered: Failure | null;
}

/**
 * Checks a repository: its records, the chains of its manifests, that every object is there with its size, and, of what is
 * chosen, that it is still what was stored. Writes evidence of damage and the client's own memory, nothing else.
 *
 * @throws snapshot-missing for a name that is to be read and is not there; memory-damaged; key-missing and
 *   key-not-matching when it is to be opened; what storages throw; the signal's reason
 */
export async function checkRepository(
  context: VerbContext,
  repository: Repository,
  request: CheckRequest,
): Promise<RepositoryCheck> {
  const before = await repository.snapshots();
  const chosen = chooseToRead(before.snapshots, request.read, context.clock.now());
  const chains: CheckFinding[] = [];
  let unremembered: Failure | null = null;
  const clusters = clustersOf(before);
  for (const { id } of clusters) {
    context.signal.throwIfAborted();
    const chain = await checkStoredChain(repository, context.clock, id, request.memory);
    unremembered ??= chain.unremembered ?? null;
    for (const { names, why } of chain.findings)
      chains.push({ kind: 'chain', clusterId: id, snapshots: names, path: null, why });
    for (const { key, why } of chain.forged)
      chains.push({ kind: 'removal', clusterId: id, snapshots: [], path: key, why });
  }
  const leftovers = await findLeftovers(repository, context.clock, before);
  const read = await readSnapshots(context, repository, chosen, request.open);
  const findings = [...listed(before), ...chains, ...read.findings];
  return {
    clusters: clusters.map((cluster) => checked(cluster, before.snapshots, findings)),
    findings,
    leftovers,
    read,
    unremembered,
  };
}

function clustersOf({ clusters, snapshots, damaged, unfinished }: Listing): ClusterName[] {
  const names = new Map<string, string>();
  for (const { clusterId } of [...damaged, ...unfinished]) names.set(clusterId, clusterId);
  for (const { cluster } of snapshots) names.set(cluster.id, cluster.name);
  for (const { id, name } of clusters) names.set(id, name);
  return [...names].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}

/** What the listing alone shows. */
function listed({ snapshots, damaged }: Listing): CheckFinding[] {
  const records = damaged.map(({ clusterId, name, path, failure }): CheckFinding => ({
    kind: 'record',
    clusterId,
    snapshots: name === null ? [] : [name],
    path,
    why: failure.why,
  }));
  const entries = snapshots.flatMap((entry): CheckFinding[] => {
    const { cluster, name, path, damage, trust, evidence } = entry;
    const of = { clusterId: cluster.id, snapshots: [name], path };
    const failed = evidence.at(-1)?.outcome === 'failed' ? evidence.at(-1) : undefined;
    return [
      ...(damage === null ? [] : [{ ...of, kind: 'object' as const, why: damage }]),
      ...(trust.trusted ? [] : [{ ...of, kind: 'trust' as const, why: trust.why }]),
      ...(failed === undefined
        ? []
        : [{ ...of, kind: 'evidence' as const, why: `the verification of ${failed.at} failed` }]),
    ];
  });
  return [...records, ...entries];
}

function checked(
  cluster: ClusterName,
  snapshots: readonly SnapshotEntry[],
  findings: readonly CheckFinding[],
): CheckedCluster {
  const own = snapshots.filter((each) => each.cluster.id === cluster.id);
  const doubted = new Set(
    findings.filter(({ clusterId }) => clusterId === cluster.id).flatMap((each) => each.snapshots),
  );
  const trusted = own.findLast(
    ({ name, manifest }) =>
      !doubted.has(name) && manifest.quorum.state !== 'degraded' && manifest.trigger !== 'pre-restore',
  );
  return { cluster, snapshots: own.length, newestTrusted: trusted ?? null };
}
