import { DrillReport } from '@holdfast/model';
import { type Operation, SaveResult } from '@holdfast/model/fleet';
import { churn, type EtcdCluster, type KeyValue } from '@holdfast/test-servers';
import type { Fleet } from './fleet.ts';
import { holdfast } from './holdfast.ts';
import { endedThrough } from './operations.ts';
import { act, backupEtcd } from './rancher.ts';
import { seconds, step } from './tell.ts';

/** What the story needs to know of a saved snapshot. */
export interface Saved {
  /** As the repository has it. */
  readonly name: string;
  /** As Rancher's API calls it. */
  readonly backup: string;
  readonly revision: number;
  readonly state: string;
  /** The phases that its save went through. */
  readonly phases: readonly string[];
}

/** What `backupEtcd` answers with, as far as it is needed here. */
interface EtcdBackup {
  readonly metadata: {
    readonly name: string;
    readonly annotations: { readonly 'holdfast.dev/operation': string };
  };
}

/** Saves while objects change, then as Rancher's scripts do; returns that one, with the keys as they were at its revision. */
export async function saveTwice(
  fleet: Fleet,
  etcd: EtcdCluster,
): Promise<{ saved: Saved; keys: readonly KeyValue[] }> {
  await Promise.all([
    churn(etcd, { objects: 500, changes: 60, round: 1 }),
    step(
      'holdfast policy run main, while they change:',
      async () => {
        const words = ['policy', 'run', 'main'];
        const { operation } = await holdfast<{ operation: Operation }>(fleet.variables, ...words);
        return await savedBy(fleet, operation, '');
      },
      savedWords,
    ),
  ]);
  await churn(etcd, { objects: 500, changes: 30, round: 2 });
  const saved = await step(
    'A save as scripts for Rancher ask for it:',
    async () => {
      const { metadata } = await act<EtcdBackup>(fleet, backupEtcd);
      return await savedBy(fleet, { id: metadata.annotations['holdfast.dev/operation'] }, metadata.name);
    },
    (made) => `${savedWords(made)}, ${made.backup}`,
  );
  const { keyValues } = await etcd.gateway().rangeAll({ revision: saved.revision });
  return { saved, keys: keyValues };
}

const savedWords = ({ phases, revision, state }: Saved): string =>
  `${phases.join(', ')}: revision ${revision}, ${state}`;

async function savedBy(fleet: Fleet, begun: { readonly id: string }, backup: string): Promise<Saved> {
  const { client, cluster } = fleet;
  const { operation, phases } = await endedThrough(fleet, begun);
  const { snapshot: name } = SaveResult.parse(operation.result);
  const params = { cluster, snapshot: `main:${name}` };
  const { revision, state } = await client.call('getSnapshot', { params });
  return { name, backup, revision, state, phases };
}

/** Tries a snapshot with a throw-away etcd, long before it is needed. */
export async function drill({ variables }: Fleet, { name }: Saved): Promise<void> {
  await step(
    'holdfast drill run, done by one of the agents:',
    async () => DrillReport.parse(await holdfast(variables, 'drill', 'run', name)),
    ({ etcd, checks, times }) =>
      `restored into a throw-away etcd ${etcd}, ${checks.length} checks, time to recover ${seconds(times.totalMs ?? 0)}`,
  );
}
