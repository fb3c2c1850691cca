import { Failure } from '@holdfast/base';
import { OperationId, type Operation } from '@holdfast/model/fleet';
import type { Answer } from '../term/answer.ts';
import { fleetOperationAnswer } from '../view/fleet-operation.ts';
import { clusterNamed } from './clusters.ts';
import type { Fleet } from './connection.ts';
import { failureOfEnd } from './follow.ts';

/** An operation by its id. @throws Failure usage, operation-unknown */
export async function operationAt({ client }: Fleet, id: string): Promise<Operation> {
  if (!OperationId.safeParse(id).success)
    throw new Failure('usage', `an operation is named by its id, as op-7f3kq, not ${JSON.stringify(id)}`);
  return await client.call('getOperation', { params: { operation: id } });
}

/** An operation in full. @param isWaitedFor its failure is that of the command then */
export async function operationAnswerOf(
  fleet: Fleet,
  operation: Operation,
  isWaitedFor: boolean,
): Promise<Answer> {
  const { name } = await clusterNamed(fleet, operation.cluster);
  return fleetOperationAnswer(operation, name, isWaitedFor ? failureOfEnd(operation) : undefined);
}
