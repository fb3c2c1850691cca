import { pauseOf, type Policy } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import { newId } from '../ids.ts';
import type { Tables } from '../store/store.ts';
import type { Inputs, Place } from './inputs.ts';
import type { Asker } from './operations.ts';

/** What operations are made with. */
export interface Making {
  readonly random: (bytes: number) => Uint8Array;
  readonly now: Date;
}

/** An operation that nobody has begun to carry out. */
export function newOperation<Kind extends Operation['kind']>(
  asker: Asker,
  wanted: {
    readonly kind: Kind;
    readonly cluster: string;
    readonly policy?: string | null;
    readonly scheduledFor?: string | null;
    readonly approvalsNeeded?: number;
    readonly input: Inputs[Kind];
  },
  { random, now }: Making,
): Operation {
  const { kind, cluster, policy = null, scheduledFor = null, approvalsNeeded = 0, input } = wanted;
  return {
    ...{ id: newId('op', random), kind, cluster, state: 'waiting', phase: null, why: '', steps: [] },
    ...{
      policy,
      trigger: asker.trigger,
      scheduledFor,
      requestedBy: asker.by,
      approvals: [],
      approvalsNeeded,
    },
    ...{ node: null, createdAt: now.toISOString(), startedAt: null, endedAt: null },
    ...{ input: { ...input }, result: null, failure: null },
  };
}

/** Any node can; with folders that only nodes have, the one that stands in is wanted first. */
export async function placeOf(tables: Tables, repositories: readonly string[]): Promise<Place> {
  let standsIn = false;
  for (const name of repositories) {
    const stored = await tables.repositories.get(name);
    standsIn ||= stored?.spec.path !== undefined && !stored.spec.readByServer;
  }
  return { node: null, standsIn };
}

/** The prune that follows a save of a policy that went well; none while the policy is paused. */
export async function pruneOf(
  tables: Tables,
  save: Operation,
  policy: Policy,
  after: string,
  making: Making,
): Promise<Operation | undefined> {
  if (pauseOf(policy, making.now) !== null) return undefined;
  const place = await placeOf(
    tables,
    policy.targets.map(({ repository }) => repository),
  );
  const input = { policy, place, until: null };
  const wanted = {
    kind: 'prune',
    cluster: save.cluster,
    policy: policy.name,
    scheduledFor: after,
    input,
  } as const;
  return newOperation({ by: save.requestedBy, trigger: save.trigger }, wanted, making);
}

/** Stores a new operation, and that it waits as the first of its events. @returns the one that is there now, see the store */
export async function putNew(
  tables: Tables,
  operation: Operation,
): Promise<{ readonly operation: Operation; readonly isNew: boolean }> {
  const put = await tables.operations.create(operation);
  const waits = { type: 'state', at: operation.createdAt, data: { state: 'waiting', why: '' } } as const;
  if (put.isNew) await tables.operations.change(operation.id, null, {}, [waits]);
  return put;
}
