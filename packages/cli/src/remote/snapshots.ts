import { Failure } from '@holdfast/base';
import { Evidence } from '@holdfast/model';
import { SaveResult, type FleetCluster, type FleetSnapshot } from '@holdfast/model/fleet';
import { randomUUID } from 'node:crypto';
import { apiVersion, type Answer } from '../term/answer.ts';
import { confirm } from '../term/confirm.ts';
import { pairs } from '../term/table.ts';
import { ago } from '../term/when.ts';
import { evidenceText, verificationFailure } from '../view/evidence.ts';
import { fleetSnapshotAnswer, fleetSnapshotsAnswer, fleetStateWords } from '../view/fleet-snapshot.ts';
import { clusterNamed } from './clusters.ts';
import type { Fleet } from './connection.ts';
import { failureOfEnd, followed, refuseFailed } from './follow.ts';
import { snapshotNamed } from './snapshot-named.ts';

/** Options of commands on snapshots, as far as they mean something over a server. */
export interface SnapshotOptions {
  /** Names of repositories of the fleet. */
  readonly repo?: readonly string[];
  readonly name?: string;
  readonly preUpgrade?: true;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly reason?: string;
}

/** `snapshot list` */
export async function listSnapshots(fleet: Fleet, { repo }: SnapshotOptions): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const query = repo === undefined ? {} : { repository: repo[0]! };
  const all = fleet.client.pages('listSnapshots', { params: { cluster: cluster.id }, query });
  return fleetSnapshotsAnswer(await Array.fromAsync(all), cluster.name);
}

/** `snapshot show` */
export async function showSnapshot(fleet: Fleet, { repo }: SnapshotOptions, word: string): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  return fleetSnapshotAnswer(
    await snapshotNamed(fleet, cluster, word, { repository: repo?.[0] }),
    cluster.name,
  );
}

/** `snapshot save` */
export async function saveSnapshot(
  fleet: Fleet,
  { repo, name, preUpgrade }: SnapshotOptions,
): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const begun = await fleet.client.call('saveSnapshot', {
    params: { cluster: cluster.id },
    body: {
      ...(repo !== undefined && { repositories: [...repo] }),
      ...(name !== undefined && { name }),
      preUpgrade: preUpgrade === true,
    },
    idempotencyKey: randomUUID(),
  });
  return await savedAnswer(fleet, cluster, begun);
}

/** What came of a save that was begun, of a person or of a policy. */
export async function savedAnswer(
  fleet: Fleet,
  cluster: FleetCluster,
  begun: Parameters<typeof followed>[1],
): Promise<Answer> {
  const operation = refuseFailed(await followed(fleet, begun));
  const saved = SaveResult.parse(operation.result);
  for (const warning of saved.warnings) fleet.session.warn(warning);
  const all = await Array.fromAsync(fleet.client.pages('listSnapshots', { params: { cluster: cluster.id } }));
  const stored = all.filter(({ name }) => name === saved.snapshot);
  const failure = failureOfEnd(operation);
  return {
    json: { apiVersion, kind: 'SavedSnapshot', operation, snapshots: stored },
    names: [saved.snapshot],
    text: (view) => {
      const [first] = stored;
      const isWhole = failure === undefined;
      const head = view.style(isWhole ? 'good' : 'doubtful', isWhole ? 'saved' : 'saved in part');
      return `${head} ${saved.snapshot} of cluster ${cluster.name}\n${pairs(
        [
          ['revision', first === undefined ? undefined : String(first.revision)],
          ['member', first?.member],
          ['sha256', first?.sha256],
          ...stored.map((each) => ['in', `${each.repository}: ${fleetStateWords(each, view)}`] as const),
          ...unseen(saved, stored).map((place) => ['in', place] as const),
          ['note', isWhole || saved.note === '' ? undefined : saved.note],
          ['operation', operation.id],
        ],
        '  ',
      )}`;
    },
    ...(failure !== undefined && { failure }),
  };
}

/** Repositories that the server cannot look into. */
function unseen({ storedIn }: SaveResult, stored: readonly FleetSnapshot[]): string[] {
  return storedIn.filter((place) => !stored.some(({ repository }) => repository === place));
}

/** `snapshot verify` */
export async function verifySnapshot(fleet: Fleet, { repo }: SnapshotOptions, word: string): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const snapshot = await snapshotNamed(fleet, cluster, word, { repository: repo?.[0] });
  const begun = await fleet.client.call('verifySnapshot', {
    params: { cluster: cluster.id, snapshot: snapshot.id },
    idempotencyKey: randomUUID(),
  });
  const ended = await followed(fleet, begun);
  // Of one that is damaged the evidence tells what was found.
  const evidence = Evidence.safeParse(ended.result).data ?? Evidence.parse(refuseFailed(ended).result);
  const failure = verificationFailure(evidence);
  return {
    json: evidence,
    names: [evidence.snapshot],
    text: (view) => `${evidence.snapshot} in ${snapshot.repository}: ${evidenceText(evidence, view)}`,
    ...(failure && { failure }),
  };
}

/** `snapshot delete` */
export async function deleteSnapshot(
  fleet: Fleet,
  { repo, yes, dryRun, reason = 'no reason was given' }: SnapshotOptions,
  name: string,
): Promise<Answer> {
  if (/^latest(~\d+)?$/.test(name)) throw new Failure('usage', 'only an exact name is deleted');
  const { session, client } = fleet;
  const cluster = await clusterNamed(fleet);
  const snapshot = await snapshotNamed(fleet, cluster, name, { repository: repo?.[0], isOnly: true });
  const age = ago(snapshot.finishedAt, session.io.clock.now());
  const what = `snapshot ${name} of cluster ${cluster.name} in ${snapshot.repository}: ${snapshot.state}, taken ${age}`;
  const json = { apiVersion, kind: 'SnapshotDeletion', name, dryRun: dryRun === true, snapshot };
  if (dryRun === true) return { json, names: [name], text: () => `Would delete ${what}\n` };
  if (yes !== true) await confirm(session.io, `This deletes ${what}.`, name);
  const params = { cluster: cluster.id, snapshot: snapshot.id };
  const operation = refuseFailed(
    await followed(fleet, await client.call('deleteSnapshot', { params, query: { reason } })),
  );
  return { json: { ...json, operation }, names: [name], text: () => `Deleted ${what}\n` };
}
