import { randomUUID } from 'node:crypto';
import { DrillReport } from '@holdfast/model';
import { apiVersion, type Answer } from '../term/answer.ts';
import { drillAnswer, drillsAnswer } from '../view/drill.ts';
import { fleetOperationsAnswer } from '../view/fleet-operation.ts';
import { clusterNamed, clusterNames } from './clusters.ts';
import type { Fleet } from './connection.ts';
import { followed, refuseFailed } from './follow.ts';
import { snapshotNamed } from './snapshot-named.ts';

/** Options of `drill run` over a server. */
export interface FleetDrillOptions {
  /** Names of repositories of the fleet. */
  readonly repo?: readonly string[];
}

/** `drill run` */
export async function runDrill(fleet: Fleet, { repo }: FleetDrillOptions, word: string): Promise<Answer> {
  const cluster = await clusterNamed(fleet);
  const snapshot = await snapshotNamed(fleet, cluster, word, { repository: repo?.[0] });
  const params = { cluster: cluster.id, snapshot: snapshot.id };
  const begun = await fleet.client.call('drillSnapshot', { params, idempotencyKey: randomUUID() });
  const ended = await followed(fleet, begun);
  // One that has failed tells by its report what was wrong.
  return drillAnswer(
    DrillReport.safeParse(ended.result).data ?? DrillReport.parse(refuseFailed(ended).result),
  );
}

/** `drill list`: the reports of those that came to an end, and beside them what is under way or went wrong. */
export async function listDrills(fleet: Fleet): Promise<Answer> {
  const { cluster: word } = fleet.session.settings;
  const cluster = word === undefined ? undefined : (await clusterNamed(fleet)).id;
  const query = { kind: 'drill', ...(cluster !== undefined && { cluster }) } as const;
  const items = await Array.fromAsync(fleet.client.pages('listOperations', { query }));
  const reports = items.flatMap(({ result }) => DrillReport.safeParse(result).data ?? []);
  const others = items.filter(({ result }) => !DrillReport.safeParse(result).success);
  const told = drillsAnswer(reports.toReversed());
  const rest = fleetOperationsAnswer(others, await clusterNames(fleet));
  return {
    json: { apiVersion, kind: 'OperationList', items },
    names: items.map(({ id }) => id),
    text: (view) => [told.text(view), ...(others.length === 0 ? [] : [rest.text(view)])].join('\n'),
  };
}
