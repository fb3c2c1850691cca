import { Failure } from '@holdfast/base';
import type { Operation } from '@holdfast/model/fleet';
import type { Tables } from '../store/store.ts';
import { operationOf } from './ask-restore.ts';
import { notesOf } from './inputs.ts';
import type { Asker } from './operations.ts';
import { approvalMs } from './restore-act.ts';

/** Puts down that somebody allows an operation. @throws Failure operation-unknown, operation-state, approval-refused */
export async function askApproval(tables: Tables, { by }: Asker, id: string, now: Date): Promise<Operation> {
  const operation = await operationOf(tables, id);
  const { state, approvals, approvalsNeeded, requestedBy, createdAt } = operation;
  const refuse = (why: string): Failure => new Failure('operation-state', why, { operation: id });
  if (state !== 'waiting') throw refuse(`it is ${state}`);
  if (approvals.length >= approvalsNeeded) throw refuse('it waits for nobody to allow it');
  if (now.getTime() >= Date.parse(createdAt) + approvalMs) throw refuse('the day for allowing it is over');
  if (by === requestedBy) throw new Failure('approval-refused', `${by} asked for it`, { operation: id });
  if (approvals.some((each) => each.by === by))
    throw new Failure('approval-refused', `${by} has given it already`, { operation: id });
  const at = now.toISOString();
  const note = { type: 'note', at, data: { note: `${by} has allowed it` } } as const;
  const change = { approvals: [...approvals, { by, at }] };
  return (await tables.operations.change(id, null, change, [note], ['waiting'])) ?? operation;
}

/**
 * Gives an operation up: at once when it waits, else its node is asked to. A restore that has begun is not given up, it is
 * aborted.
 *
 * @throws Failure operation-unknown, operation-state
 */
export async function askCancel(
  tables: Tables,
  { by }: Asker,
  { id, reason }: { readonly id: string; readonly reason: string },
  now: Date,
): Promise<Operation> {
  const operation = await operationOf(tables, id);
  const { state, kind } = operation;
  const refuse = (why: string): Failure => new Failure('operation-state', why, { operation: id });
  if (state !== 'waiting' && state !== 'running') throw refuse(`it is ${state}`);
  const orders = await tables.orders.ofOperation(id);
  if (kind === 'restore' && orders.length > 0) throw refuse('a restore that has begun is aborted instead');
  const at = now.toISOString();
  const cancel = notesOf(operation).cancel ?? { by, reason, at };
  const note = {
    type: 'note',
    at,
    data: { note: `${by} gives it up${reason === '' ? '' : `: ${reason}`}` },
  } as const;
  const result = { ...notesOf(operation), cancel };
  return (await tables.operations.change(id, null, { result }, [note], ['waiting', 'running'])) ?? operation;
}
