import { type JournalRecord, RestorePlan } from '@holdfast/model';
import type { Operation } from '@holdfast/model/fleet';
import type { Fleet } from './fleet.ts';
import { live } from './tell.ts';

/** Waits for the end of an operation, which has to be a good one. */
export async function ended({ client }: Fleet, { id }: Pick<Operation, 'id'>): Promise<Operation> {
  for (;;) {
    const operation = await client.call('getOperation', {
      params: { operation: id },
      query: { waitMs: 10_000 },
    });
    const { state, kind, failure, why } = operation;
    if (state === 'waiting' || state === 'running') continue;
    if (state === 'succeeded' || state === 'rolled-back') return operation;
    throw new Error(
      `${kind} ${id} is ${state}: ${failure === null ? why : `${failure.what}: ${failure.why}`}`,
    );
  }
}

/** The same, with the phases that it went through. */
export async function endedThrough(
  fleet: Fleet,
  operation: Pick<Operation, 'id'>,
): Promise<{ readonly operation: Operation; readonly phases: readonly string[] }> {
  const over = await ended(fleet, operation);
  const phases: string[] = [];
  for await (const { type, data } of fleet.client.events('followOperation', {
    params: { operation: over.id },
  }))
    if (type === 'phase') phases.push(String(data['phase']));
  return { operation: over, phases };
}

/** Tells the steps of a restore as they are done, then waits for its end. */
export async function followRestore(fleet: Fleet, { id, input }: Operation): Promise<Operation> {
  const { steps } = RestorePlan.parse(input['plan']);
  for await (const { type, data } of fleet.client.events('followOperation', { params: { operation: id } })) {
    if (type === 'state' && data['state'] === 'stuck') break;
    if (type !== 'record') continue;
    const { event, step: number } = data['record'] as JournalRecord;
    const done = steps.find((each) => each.number === number);
    if (event === 'done' && done !== undefined)
      live(
        `${done.phase.padEnd(16)}${done.kind.padEnd(8)}`,
        `${done.number}${done.member === null ? '' : ` ${done.member}`}`,
      );
  }
  return await ended(fleet, { id });
}
