import { churn, type EtcdCluster, type KeyValue } from '@holdfast/test-servers';
import { holdfast } from './holdfast.ts';
import { repository, stateDir } from './place.ts';
import { seconds, step } from './tell.ts';

/** What the story needs to know of a saved snapshot. */
export interface Saved {
  readonly name: string;
  readonly revision: number;
  readonly state: string;
}

interface Drill {
  readonly etcd: string;
  readonly checks: readonly unknown[];
  readonly times: { readonly totalMs: number };
}

/** Saves while objects change; returns the last one with the keys as they were at its revision. */
export async function saveThrice(cluster: EtcdCluster): Promise<{ saved: Saved; keys: readonly KeyValue[] }> {
  const save = async (): Promise<Saved> =>
    await holdfast(
      ...['snapshot', 'save', '--endpoints', cluster.endpoints.join(',')],
      ...['--repo', repository, '--cluster', 'demo'],
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

/** Tries the newest snapshot with a throw-away etcd, long before it is needed. */
export async function drill(program: string): Promise<void> {
  await step(
    'holdfast drill run latest:',
    async () =>
      await holdfast<Drill>(
        ...['drill', 'run', 'latest', '--repo', repository, '--state-dir', stateDir, '--etcd', program],
      ),
    ({ etcd, checks, times }) =>
      `restored into a throw-away etcd ${etcd}, ${checks.length} checks, time to recover ${seconds(times.totalMs)}`,
  );
}
