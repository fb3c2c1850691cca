import { join } from 'node:path';
import { formatHex64 } from '@holdfast/base';
import type { StepEvidence } from '@holdfast/engine';
import { buildDataDir, type BuiltDataDir } from '@holdfast/etcd/datadir';
import { verifySnapshotFile } from '@holdfast/etcd/snapshot';
import type { InitialMember, RestorePlan } from '@holdfast/model';
import { inodeOf, namesIn, remove } from '../on-disk.ts';
import { readMarker, writeMarker } from './marker.ts';
import { stepFailed, type Act, type NodeStep } from './step.ts';

/** Builds the new data beside the old, and proves it. */
export const stage: NodeStep = {
  async perform(act) {
    const { places } = act;
    const member = join(places.staged, 'member');
    const done = await readMarker(places);
    if (done !== undefined && done['memberInode'] === (await inodeOf(member))) return done;
    await clear(act);
    const built = await build(act);
    await prove(act, built);
    const evidence = { ...tell(built), memberInode: await inodeOf(member) };
    await writeMarker(places, evidence);
    return evidence;
  },

  async undo(act) {
    await clear(act);
    return {};
  },
};

/** Removes everything that was staged; the artefact is `fetch`'s. */
async function clear({ places }: Act): Promise<void> {
  const { work, artefact, log } = places;
  for (const name of await namesIn(work)) if (join(work, name) !== artefact) await remove(join(work, name));
  if (log === undefined) return;
  await remove(log.waiting);
  await remove(log.staged);
}

async function build({ order, places, context }: Act): Promise<BuiltDataDir> {
  const { plan, member, artefact } = order;
  if (plan.token === null) throw stepFailed(order, 'the plan has no token for a new cluster');
  if (artefact === undefined) throw stepFailed(order, 'nobody has told which snapshot it must be');
  return buildDataDir({
    source: { file: places.artefact },
    expectedSha256: artefact.sha256,
    dataDir: places.staged,
    name: member.name,
    members: newMembers(plan),
    token: plan.token,
    bump: plan.bump,
    signal: context.signal,
    onProgress: (done, total) => context.onProgress?.({ phase: 'stage', done, total }),
    ...(places.log !== undefined && { walDir: places.log.staged }),
  });
}

/** The members that the new cluster is born with: with a seed, that one alone; the others join it. */
function newMembers({ members, strategy, seed }: RestorePlan): InitialMember[] {
  return members
    .filter(({ role, name }) => role === 'member' && (strategy === 'all' || name === seed))
    .map(({ name, peerUrls }) => ({ name, peerUrls }));
}

function tell({ member, cluster, form, revision, source, warnings }: BuiltDataDir): StepEvidence {
  return {
    memberId: formatHex64(member.id),
    clusterId: formatHex64(cluster.id),
    members: cluster.members.length,
    form,
    revision: revision.restored,
    snapshotRevision: revision.snapshot,
    sha256: source.sha256,
    warnings,
  };
}

/** @throws Failure node-failed when what was built is not whole, or not what the plan says */
async function prove({ order, places, context }: Act, built: BuiltDataDir): Promise<void> {
  const { expected } = order.plan;
  const clusterId = formatHex64(built.cluster.id);
  if (expected.clusterId !== null && expected.clusterId !== clusterId) {
    throw stepFailed(order, `the staged cluster has the id ${clusterId}, not ${expected.clusterId}`);
  }
  const { checks, status, buckets } = await verifySnapshotFile(join(places.staged, 'member/snap/db'), {
    trailer: 'optional',
    signal: context.signal,
    onProgress: (done, total) => context.onProgress?.({ phase: 'verify', done, total }),
  });
  const failed = checks.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined || status === null) {
    throw stepFailed(order, `the staged data is damaged: ${failed?.detail ?? 'it cannot be read'}`);
  }
  const revision = expected.revision ?? built.revision.restored;
  if (status.revision !== revision) {
    throw stepFailed(order, `the staged data is at revision ${status.revision}, not ${revision}`);
  }
  if (buckets?.['members'] !== built.cluster.members.length) {
    throw stepFailed(order, `the staged data has ${buckets?.['members'] ?? 0} members`);
  }
}
