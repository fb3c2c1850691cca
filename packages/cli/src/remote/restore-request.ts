import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { RestorePlan } from '@holdfast/model';
import { RestoreRequest, type FleetCluster, type Operation } from '@holdfast/model/fleet';
import { Failure } from '@holdfast/base';
import type { RequestOptions } from '../commands/restore-options.ts';
import { readClusterFile } from '../sources/cluster-file.ts';
import type { Fleet } from './connection.ts';
import { followed, refuseFailed } from './follow.ts';
import { operationAt } from './operations.ts';
import { snapshotNamed } from './snapshot-named.ts';

/** What a restore is asked for by over a server. */
export interface FleetRequestOptions extends RequestOptions {
  /** Names of repositories of the fleet. */
  readonly repo?: readonly string[];
}

/** A plan, and the operation that made it. */
export interface MadePlan {
  readonly operation: Operation;
  readonly plan: RestorePlan;
}

/** Has the plan of a restore made. Changes nothing. */
export async function makePlan(
  fleet: Fleet,
  cluster: FleetCluster,
  options: FleetRequestOptions,
): Promise<MadePlan> {
  const begun = await fleet.client.call('planRestore', {
    params: { cluster: cluster.id },
    body: await requestOf(fleet, cluster, options),
    idempotencyKey: randomUUID(),
  });
  return planIn(refuseFailed(await followed(fleet, begun)));
}

/** The plan that an operation has made before. @throws Failure usage, operation-unknown */
export async function planAt(fleet: Fleet, id: string): Promise<MadePlan> {
  const operation = await operationAt(fleet, id);
  if (operation.kind !== 'plan') throw new Failure('usage', `${id} is no plan: it is a ${operation.kind}`);
  const isOver = operation.state !== 'waiting' && operation.state !== 'running';
  return planIn(refuseFailed(isOver ? operation : await followed(fleet, operation)));
}

function planIn(operation: Operation): MadePlan {
  return { operation, plan: RestorePlan.parse(operation.result) };
}

async function requestOf(
  fleet: Fleet,
  cluster: FleetCluster,
  options: FleetRequestOptions,
): Promise<RestoreRequest> {
  const { way, survivor, replace, members, strategy, seed, scope, restartNodes, reason = '' } = options;
  const { clusterFile, repo } = options;
  const source = await sourceOf(fleet, cluster, options);
  const path = clusterFile === undefined ? undefined : resolve(fleet.session.io.cwd, clusterFile);
  const checked = RestoreRequest.safeParse({
    ...(repo !== undefined && { repository: repo[0]! }),
    ...source,
    ...(way !== 'auto' && { way }),
    ...{ survivor, members, strategy, seed, scope, restartNodes, replace: replace && [...new Set(replace)] },
    attest: (options.attestOff ?? []).map((member) => ({ member, reason })),
    skips: [...new Set(options.skip)].map((check) => ({ check, reason })),
    clone: options.clone === true,
    ...(path !== undefined && { description: await readClusterFile(path) }),
  });
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new Failure('usage', `${issue!.path.join('.')}: ${issue!.message}`);
}

/** `latest~1` is looked up here: the server knows exact names and `latest`. */
async function sourceOf(
  fleet: Fleet,
  cluster: FleetCluster,
  { snapshot, repo }: FleetRequestOptions,
): Promise<Pick<RestoreRequest, 'snapshot' | 'repository'>> {
  if (snapshot === undefined) return {};
  if (!/^latest~\d+$/.test(snapshot)) return { snapshot };
  const found = await snapshotNamed(fleet, cluster, snapshot, { repository: repo?.[0] });
  return { snapshot: found.name, repository: found.repository };
}
