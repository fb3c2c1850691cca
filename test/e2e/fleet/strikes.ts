import { join } from 'node:path';
import type { JournalRecord } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import { planSteps, type PlannedStep } from '@holdfast/model';
import type { EtcdNode } from './etcd-node.ts';
import type { Fleet } from './fleet.ts';

const faults = join(import.meta.dirname, '../fault');

/** The steps that a restore of a snapshot on n1, n2 and n3 has, from the table: a new step is tested without a word here. */
export const steps: readonly PlannedStep[] = planSteps({
  ...{ way: 'snapshot', strategy: 'all', seed: null, controlPlane: [] },
  source: {
    ...{
      kind: 'snapshot',
      label: '',
      path: null,
      sha256: '0'.repeat(64),
      size: 0,
      revision: 1,
      takenAt: null,
    },
  },
  members: ['n1', 'n2', 'n3'].map((name) => ({ name, role: 'member' as const })),
});

/** Of these steps the first of each phase, or of each kind. */
export function firstOfEach(of: readonly PlannedStep[], what: 'phase' | 'kind'): PlannedStep[] {
  return of.filter((step, at) => of.findIndex((other) => other[what] === step[what]) === at);
}

/** The environment of an agent that is struck right before its journal says that a step begins: see fault/strike-at-change.ts. */
export function struckBefore(
  node: EtcdNode,
  { number }: Pick<PlannedStep, 'number'>,
  strike: 'kill' | 'freeze' = 'kill',
): NodeJS.ProcessEnv {
  return {
    NODE_OPTIONS: `--import ${join(faults, 'strike-at-change.ts')}`,
    ...{ FAULT_ROOT: join(node.stateDir, 'restores'), FAULT_AT: '1', FAULT_DO: strike },
    FAULT_MATCH: `"event":"begin".*"step":${number}\\b`,
  };
}

/** The environment of an agent whose clock is wrong by so many milliseconds. */
export function shiftedBy(ms: number): NodeJS.ProcessEnv {
  return {
    NODE_OPTIONS: `--import ${join(faults, 'shift-clock.ts')}`,
    FAULT_CLOCK_MS: String(ms),
  };
}

/** The records of a restore's journal, as the server tells of them, until it is over. */
export async function* recordsOf(
  { client }: Fleet,
  { id }: Pick<Operation, 'id'>,
): AsyncGenerator<JournalRecord, void, undefined> {
  for await (const { type, data } of client.events('followOperation', { params: { operation: id } }))
    if (type === 'record') yield data['record'] as JournalRecord;
}

/** Waits until the server tells of a record. */
export async function untilTold(
  fleet: Fleet,
  operation: Pick<Operation, 'id'>,
  isIt: (record: JournalRecord) => boolean,
): Promise<void> {
  for await (const record of recordsOf(fleet, operation)) if (isIt(record)) return;
  throw new Error(`${operation.id} is over, and its journal never had it`);
}
