import { isFailure } from '@holdfast/base';
import { deleteSnapshot, runDrill, saveSnapshot, verifySnapshot } from '@holdfast/engine';
import type { JobResult, OrderInput, SaveResult } from '@holdfast/model/fleet';
import { contextOf } from '../../standalone/jobs/context.ts';
import { engineWork } from '../../standalone/jobs/index.ts';
import { endOf } from '../../standalone/jobs/save.ts';
import { holdRuns } from '../../standalone/run-lock.ts';
import type { JobEnd } from '../../standalone/work.ts';
import { toldFailure } from '../told-failure.ts';
import type { Act, OrderPorts, Result } from './act.ts';

/** Saves a snapshot into repositories; an etcd is asked for one at a time, whoever asks. */
export async function saveByOrder(ports: OrderPorts, input: OrderInput<'save'>, act: Act): Promise<Result> {
  const { jobs, clock, log, storedIn } = ports;
  const { signal } = act;
  const { policy, targets, cluster, name, trigger } = input;
  const release = await holdRuns(jobs.stateDir, clock, {
    signal,
    onWait: (by) =>
      log({
        at: clock.now(),
        level: 'warning',
        event: 'run-waits',
        text: `another save is waited for: ${by}`,
      }),
  });
  try {
    const client = await jobs.connect();
    try {
      const destinations = await jobs.destinations(targets, (each) => !storedIn.has(each), signal);
      const report = await saveSnapshot(
        { ...contextOf(jobs, signal), onProgress: (progress) => act.progress({ ...progress }) },
        {
          ...{ client, destinations, cluster, trigger, queue: jobs.queue },
          ...(name !== undefined && { name }),
          ...(policy !== null && { base: policy.name, policy: policy.name }),
          ...(jobs.companionsRoot !== undefined && { companionsRoot: jobs.companionsRoot }),
        },
      );
      const end = endOf(report);
      await storedIn.add(end.storedIn);
      const result: SaveResult = { ...resultOf(end), snapshot: end.snapshot, storedIn: [...end.storedIn] };
      return result;
    } finally {
      await client[Symbol.asyncDispose]();
    }
  } finally {
    await release();
  }
}

/** Keeps in each repository of a policy what its retention says. */
export async function pruneByOrder(
  { jobs, log }: OrderPorts,
  { policy, cluster }: OrderInput<'prune'>,
  { signal }: Act,
): Promise<Result> {
  return resultOf(await engineWork(jobs, log).prune({ ...policy, cluster }, {}, signal));
}

/** Reads again what the repositories of a policy hold. */
export async function checkByOrder(
  { jobs, log }: OrderPorts,
  { policy, cluster }: OrderInput<'check'>,
  { signal }: Act,
): Promise<Result> {
  return resultOf(await engineWork(jobs, log).check({ ...policy, cluster }, {}, signal));
}

/** Proves one snapshot again; answers with its Evidence. */
export async function verifyByOrder(
  { jobs, clock, log }: OrderPorts,
  { repository: name, cluster, snapshot }: OrderInput<'verify'>,
  act: Act,
): Promise<Result> {
  const repository = await jobs.open(name, act.signal);
  const { evidence, notRecorded } = await verifySnapshot(
    { ...contextOf(jobs, act.signal), onProgress: (progress) => act.progress({ ...progress }) },
    repository,
    { name: snapshot, cluster },
  );
  if (notRecorded !== null) {
    const text = `the evidence of ${snapshot} was not kept: ${notRecorded.message}: ${notRecorded.why}`;
    log({ at: clock.now(), level: 'warning', event: 'order-warning', text });
    await act.tell('note', { text });
  }
  return evidence;
}

/** Restores one snapshot into a throw-away etcd; answers with its DrillReport. */
export async function drillByOrder(
  { jobs }: OrderPorts,
  { repository: name, cluster, snapshot }: OrderInput<'drill'>,
  { signal }: Act,
): Promise<Result> {
  const repository = await jobs.open(name, signal);
  const auth = await jobs.credentials();
  return await runDrill(contextOf(jobs, signal), {
    ...{ name: snapshot, cluster, repository },
    program: jobs.etcdProgram,
    stateDir: jobs.stateDir,
    ...(auth !== undefined && { auth }),
  });
}

/** Deletes one snapshot; one that is gone was deleted before, by this order or another. */
export async function deleteByOrder(
  { jobs }: OrderPorts,
  { repository: name, cluster, snapshot, reason }: OrderInput<'delete'>,
  { signal }: Act,
): Promise<Result> {
  const repository = await jobs.open(name, signal);
  try {
    await deleteSnapshot(contextOf(jobs, signal), repository, { name: snapshot, cluster });
    return doneWell(`${snapshot} was deleted from ${name}: ${reason}`);
  } catch (error) {
    if (!isFailure(error, 'snapshot-missing')) throw error;
    return doneWell(`${snapshot} is not in ${name} any more`);
  }
}

function doneWell(note: string): JobResult {
  return { outcome: 'ok', failure: null, note, warnings: [] };
}

function resultOf({ outcome, failure, note, warnings }: JobEnd): JobResult {
  return { outcome, failure: failure && toldFailure(failure), note, warnings: [...warnings] };
}
