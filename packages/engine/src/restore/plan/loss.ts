import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import { changesSince, readPosition } from '@holdfast/etcd/snapshot';
import { compareLogs, oldCluster, survivorsOf, type RestoreLoss } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { ChosenWay } from './chosen-way.ts';
import type { FoundMember } from './sight.ts';
import type { FoundSnapshot } from './snapshot.ts';
import type { FoundCluster } from './triage-cluster.ts';

/** Keys that a plan names of those that would be lost. */
const namedKeys = 10;

const nothing = { created: 0, changed: 0, deleted: 0, examples: [] };

/** Tells what will be missing after the restore: as much as what was found allows, and why not more. */
export async function lossOf(
  context: VerbContext,
  found: FoundCluster,
  { way, members }: ChosenWay,
): Promise<RestoreLoss> {
  if (way === 'replace') {
    return { revisions: 0, since: null, objects: nothing, why: 'the cluster runs and keeps all its data' };
  }
  if (way === 'salvage') return ofSalvage(found.members, members[0] ?? '');
  if (found.snapshot === null) throw new Error('a restore from a snapshot has one');
  return await ofSnapshot(context, found.members, found.snapshot);
}

/**
 * Who has the furthest log of a majority has every entry that was committed, for any two majorities share a member; and
 * the whole log is taken, marked as committed or not. Of fewer members nobody can tell what the others agreed on. How far
 * databases are tells nothing of the logs behind them.
 */
function ofSalvage(members: readonly FoundMember[], survivor: string): RestoreLoss {
  const survivors = survivorsOf(members);
  const chosen = survivors.find(({ name }) => name === survivor);
  if (chosen === undefined) throw new Error('a salvage has its survivor');
  const since = chosen.sight.writtenAt;
  const comparable = survivors.filter(({ sight }) => sight.clusterId === chosen.sight.clusterId);
  const furthest = comparable[0] ?? chosen;
  if (compareLogs(furthest.sight, chosen.sight) > 0) {
    const behind = (furthest.sight.revision ?? 0) - (chosen.sight.revision ?? 0);
    const by = behind > 0 ? `, by ${behind} revisions in their databases` : '';
    const why = `the log of ${furthest.name} goes further than that of ${survivor}${by}`;
    return { revisions: behind > 0 ? behind : null, since, objects: null, why };
  }
  const old = oldCluster(members);
  if (comparable.filter((each) => old.hasVote(each)).length >= old.quorum) {
    const why = `the log of ${survivor} goes furthest of a majority, so that all that was acknowledged is in it`;
    return { revisions: 0, since: null, objects: null, why };
  }
  const why = `all that reached ${survivor} is kept; what the others committed without it cannot be told`;
  return { revisions: null, since, objects: null, why };
}

async function ofSnapshot(
  context: VerbContext,
  members: readonly FoundMember[],
  { revision, takenAt, etcdId }: FoundSnapshot,
): Promise<RestoreLoss> {
  const known = members.filter(({ sight }) => sight.revision !== null);
  const same = known.filter(({ sight }) => etcdId === null || (sight.clusterId ?? etcdId) === etcdId);
  if (same.length === 0) {
    const why =
      known.length === 0
        ? 'no member shows at which revision the cluster was'
        : `the snapshot is of etcd cluster ${etcdId}, the members are of another; their revisions cannot be compared`;
    return { revisions: null, since: takenAt, objects: null, why };
  }
  const revisions = Math.max(0, ...same.map(({ sight }) => (sight.revision ?? 0) - revision));
  const { objects, why } = await lostObjects(context, same, revision);
  return { revisions, since: takenAt, objects, why };
}

type LostObjects = Pick<RestoreLoss, 'objects' | 'why'>;

/** By the database of the furthest member; one that runs without a quorum applies nothing. */
async function lostObjects(
  context: VerbContext,
  members: readonly FoundMember[],
  revision: number,
): Promise<LostObjects> {
  const serving = members.find(({ sight }) => sight.inQuorum);
  if (serving !== undefined) {
    return { objects: null, why: `${serving.name} serves, and its database changes while it is read` };
  }
  const best = survivorsOf(members)[0];
  if (best === undefined) return { objects: null, why: 'no data of any member can be read' };
  const db = join(best.dataDir, 'member', 'snap', 'db');
  try {
    if (!(await isDbOf(db, best))) {
      return { objects: null, why: `the database of ${best.name} is on another machine` };
    }
    const { created, changed, deleted, examples, complete, why } = await changesSince(db, revision, {
      examples: namedKeys,
      signal: context.signal,
    });
    const counted = `compared with the database of ${best.name}`;
    return {
      objects: { created, changed, deleted, examples: [...examples] },
      why: complete ? counted : `${counted}; not all is counted: ${why}`,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return { objects: null, why: `the database of ${best.name} cannot be read from here: ${error.why}` };
  }
}

/**
 * Members have their data at the same path, each on its own machine: what is found here may be another one's. An etcd
 * that runs has applied entries which it does not write down until the next change.
 */
async function isDbOf(path: string, { sight }: FoundMember): Promise<boolean> {
  using source = openFileSource(path);
  const { revision, consistentIndex } = await readPosition(source);
  return revision === sight.revision && (sight.answers || consistentIndex === sight.appliedIndex);
}
