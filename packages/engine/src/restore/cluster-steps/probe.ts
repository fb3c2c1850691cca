import { Failure, isFailure } from '@holdfast/base';
import type { RestoreCheck } from '@holdfast/model';
import type { VerbContext } from '../../context.ts';
import type { StepEvidence } from '../node.ts';
import type { ClusterStepOrder } from './order.ts';
import { isAlarmed, untilDone } from './retry.ts';
import { membersInTheEnd, voicesOf, type Voice } from './voices.ts';

const q2 = { id: 'Q2', what: 'reads, writes and watchers' } as const;

/**
 * Q2: writes, reads and deletes a key through every member, and asks as a watcher of before would. Done again it
 * writes the same keys, and none of them stays.
 *
 * @throws Failure node-failed when a member gives other answers than it must; those of EtcdClient
 */
export async function probe(context: VerbContext, order: ClusterStepOrder): Promise<StepEvidence> {
  try {
    const check = await untilDone(context.clock, order.endOfStep, async () => {
      await using stack = new AsyncDisposableStack();
      const voices = await voicesOf(membersInTheEnd(order), order.connect, stack);
      return await probeAll(order, voices);
    });
    return { checks: [check] };
  } catch (error) {
    // Without a login nothing can be said; and an alarm that came with the data is for a person to lift.
    if (!isFailure(error, 'etcd-auth') && !isAlarmed(error)) throw error;
    const lift = isAlarmed(error) ? '; once its cause is gone, lift the alarm with etcdctl alarm disarm' : '';
    const detail = `nothing could be written: ${error.why}${lift}`;
    const check: RestoreCheck = { ...q2, outcome: 'warned', detail, evidence: { code: error.code } };
    return { checks: [check] };
  }
}

async function probeAll(order: ClusterStepOrder, voices: readonly Voice[]): Promise<RestoreCheck> {
  const old = lastRevisionOfBefore(order);
  const members: { name: string; written: number; watcher: string }[] = [];
  for (const [i, voice] of voices.entries()) {
    const key = `holdfast/probe/${order.plan.id}/${voice.name}`;
    const reader = voices[(i + 1) % voices.length] ?? voice;
    try {
      const written = await voice.client.put(voice.endpoint, key, order.plan.id);
      for (const { client, endpoint } of [voice, reader]) {
        const { value } = await client.get(endpoint, key, { linearizable: true });
        if (value === undefined || Buffer.from(value).toString() !== order.plan.id) {
          throw wrong(order, `what was written through ${voice.name} is not read through all`);
        }
      }
      members.push({ name: voice.name, written, watcher: await askAsWatcher(order, voice, key, old) });
    } finally {
      await voice.client.deleteKey(voice.endpoint, key);
    }
    if ((await reader.client.get(reader.endpoint, key, { linearizable: true })).value !== undefined) {
      throw wrong(order, `what was deleted through ${voice.name} is still read`);
    }
  }
  return conclude(order, old, members);
}

/** The newest revision that anybody can have seen: a watcher of before comes back with the one behind it. */
function lastRevisionOfBefore({ plan }: ClusterStepOrder): number {
  return Math.max(
    plan.source.revision,
    plan.source.revision + (plan.loss.revisions ?? 0),
    ...plan.members.flatMap(({ sight }) => [sight.revision ?? 0, sight.undoneRevision ?? 0]),
  );
}

async function askAsWatcher(
  order: ClusterStepOrder,
  { name, client, endpoint }: Voice,
  key: string,
  old: number,
): Promise<string> {
  const { plan, endOfStep } = order;
  if (plan.way === 'replace') return 'not asked: the history goes on';
  const answer = await client.watchFrom(endpoint, key, old + 1, endOfStep);
  if (answer === 'watching' && plan.bump?.markCompacted === true) {
    throw wrong(
      order,
      `${name} lets a watcher of before go on from revision ${old + 1}, so it would miss the restore`,
    );
  }
  return answer;
}

function conclude(
  { plan }: ClusterStepOrder,
  old: number,
  members: readonly { name: string; written: number; watcher: string }[],
): RestoreCheck {
  const evidence = { revisionOfBefore: old, members };
  const works = 'a key was written, read and deleted through every member';
  const silent = members.filter(({ watcher }) => watcher === 'watching');
  if (silent.length > 0) {
    const detail = `${works}, but a watcher of before is not told of the restore: revisions were not moved and marked as compacted`;
    return { ...q2, outcome: 'warned', detail, evidence };
  }
  const told =
    plan.way === 'replace'
      ? 'watchers go on as if nothing had been'
      : `a watcher of before, at revision ${old + 1}, is told to read everything anew`;
  return { ...q2, outcome: 'passed', detail: `${works}; ${told}`, evidence };
}

function wrong({ plan, kind }: ClusterStepOrder, why: string): Failure {
  return new Failure('node-failed', why, { step: kind, member: plan.cluster.name, id: plan.id });
}
