import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  churn,
  type EtcdCluster,
  type EtcdMinor,
  fillKubernetes,
  type KeyValue,
  planCluster,
  startPlanned,
} from '@holdfast/test-servers';
import { holdfast } from './holdfast.ts';
import { demoHome } from './place.ts';
import { proveHashKv, proveKeys, proveWatcher, proveWrites } from './proofs.ts';
import { progress, step } from './tell.ts';

/** What the story needs to know of a saved snapshot. */
interface Saved {
  readonly name: string;
  readonly revision: number;
  readonly state: string;
}

export const repository = join(demoHome, 'repository');

/** Plays the whole story; returns the cluster, restored and running. */
export async function playStory(version: EtcdMinor, detached: boolean): Promise<EtcdCluster> {
  const plan = await planCluster({
    version,
    members: 3,
    dir: demoHome,
    names: ['cp-1', 'cp-2', 'cp-3'],
    detached,
    progress,
  });
  const lost = await step(
    'A Kubernetes etcd of three members,',
    async () => await startPlanned(plan),
    (c) => `version ${c.version}`,
  );
  try {
    await step(
      'Objects as an API server writes them, in protobuf: pods, secrets, leases;',
      async () => {
        await fillKubernetes(lost, { objects: 500, seed: 1 });
        return await lost.gateway().range({ key: '/registry/', end: '/registry0', limit: 1 });
      },
      (answer) => `${answer.count} keys`,
    );
    const { saved, keys } = await saveThrice(lost);
    await step(
      'More changes, that no snapshot knows',
      async () => await churn(lost, { objects: 500, changes: 20, round: 9 }),
    );
    await step('The disaster: all three killed, all three data directories deleted', async () => {
      await lost[Symbol.asyncDispose]();
      await Promise.all(
        plan.members.map(async (member) => await rm(member.dataDir, { recursive: true, force: true })),
      );
    });
    const token = `demo-${saved.name}`;
    for (const member of plan.members) await restoreMember(member, plan.initialCluster, saved.name, token);
    const restored = await step(
      'The three start again',
      async () => await startPlanned({ ...plan, token }, { restored: true }),
    );
    await prove(restored, saved, keys);
    return restored;
  } catch (error) {
    await lost[Symbol.asyncDispose]();
    throw error;
  }
}

/** Saves while objects change; returns the last one with the keys as they were at its revision. */
async function saveThrice(cluster: EtcdCluster): Promise<{ saved: Saved; keys: readonly KeyValue[] }> {
  const save = async (): Promise<Saved> =>
    await holdfast(
      'snapshot',
      'save',
      '--endpoints',
      cluster.endpoints.join(','),
      '--repo',
      repository,
      '--cluster',
      'demo',
    );
  for (const round of [1, 2]) {
    await Promise.all([
      churn(cluster, { objects: 500, changes: 60, round }),
      step('holdfast snapshot save, while they change:', save, (s) => `revision ${s.revision}, ${s.state}`),
    ]);
  }
  const saved = await step(
    'holdfast snapshot save:',
    async () => {
      await churn(cluster, { objects: 500, changes: 30, round: 3 });
      return await save();
    },
    (s) => `revision ${s.revision}, ${s.state}, ${s.name}`,
  );
  const { keyValues } = await cluster.gateway().rangeAll({ revision: saved.revision });
  return { saved, keys: keyValues };
}

async function restoreMember(
  member: { name: string; dataDir: string; peerUrl: string },
  initialCluster: string,
  snapshot: string,
  token: string,
): Promise<void> {
  await step(
    `holdfast restore datadir --name ${member.name}`,
    async () =>
      await holdfast(
        ...['restore', 'datadir', '--snapshot', snapshot, '--repo', repository],
        ...['--data-dir', member.dataDir, '--name', member.name, '--initial-cluster', initialCluster],
        ...['--initial-advertise-peer-urls', member.peerUrl, '--initial-cluster-token', token],
      ),
  );
}

async function prove(cluster: EtcdCluster, saved: Saved, keys: readonly KeyValue[]): Promise<void> {
  await proveKeys(cluster, keys);
  await proveWatcher(cluster, saved.revision);
  const revision = await proveWrites(cluster);
  await proveHashKv(cluster, revision);
}
