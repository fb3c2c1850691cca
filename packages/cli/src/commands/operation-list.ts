import {
  operationKinds,
  operationStates,
  type OperationKind,
  type OperationState,
} from '@holdfast/model/fleet';
import { Option } from 'commander';
import { wholeNumber, withCluster, withServer } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { clusterNamed, clusterNames } from '../remote/clusters.ts';
import { withFleet, type Fleet } from '../remote/connection.ts';
import type { Answer } from '../term/answer.ts';
import { fleetOperationsAnswer } from '../view/fleet-operation.ts';

interface ListOptions {
  readonly kind?: OperationKind;
  readonly state?: OperationState;
  readonly limit: number;
}

export function addOperationList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List operations, newest first.')
    .addOption(new Option('--kind <kind>', 'of this kind alone').choices([...operationKinds]))
    .addOption(new Option('--state <state>', 'that stand so').choices([...operationStates]))
    .addOption(new Option('--limit <n>', 'so many of the newest').argParser(wholeNumber(1)).default(50, '50'))
    .example('Of one cluster', 'holdfast operation list --cluster prod')
    .example('What is under way', 'holdfast operation list --state running')
    .answers(async (session, options: ListOptions) =>
      withFleet(session, (fleet) => list(session, fleet, options)),
    );
  withServer(withCluster(verb));
}

async function list(
  { settings }: Session,
  fleet: Fleet,
  { kind, state, limit }: ListOptions,
): Promise<Answer> {
  const cluster = settings.cluster === undefined ? undefined : (await clusterNamed(fleet)).id;
  const query = { kind, state, cluster, limit: Math.min(limit, 1_000) };
  const items = await Array.fromAsync(take(fleet.client.pages('listOperations', { query }), limit));
  return fleetOperationsAnswer(items, await clusterNames(fleet));
}

async function* take<Item>(items: AsyncIterable<Item>, count: number): AsyncGenerator<Item> {
  let left = count;
  for await (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}
