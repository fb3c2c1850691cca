import {
  operationState,
  possibleVerbs,
  RestorePlan,
  RestoreReport,
  type JournalRecord,
} from '@holdfast/model';
import { RecordEvent, type Operation, type OperationEvent } from '@holdfast/model/fleet';
import { withNext } from '../failure/with-next.ts';
import { stepLines } from '../commands/restore-steps.ts';
import type { Verb } from '../program/verb.ts';
import { commandLine } from '../term/quote.ts';
import { type Answer } from '../term/answer.ts';
import { nextLines } from '../view/next.ts';
import { operationAnswer, type CommandFor, type Operation as Restore } from '../view/operation.ts';
import { reportAnswer } from '../view/report.ts';
import type { Fleet } from './connection.ts';
import { failureOfEnd, followed } from './follow.ts';

/** Milliseconds without an event after which all that has happened so far was told. */
const quietMs = 1_500;

/** What has happened in a restore until now. */
export interface Told {
  readonly events: readonly OperationEvent[];
  readonly records: readonly JournalRecord[];
}

/** All events of an operation until now, also of one that is not over. */
export async function toldSoFar({ client, session }: Fleet, { id }: Operation): Promise<Told> {
  const stop = new AbortController();
  const { clock } = session.io;
  const events: OperationEvent[] = [];
  const params = { operation: id };
  const stream = client.events('followOperation', { params, signal: stop.signal });
  try {
    for (;;) {
      const rest = new AbortController();
      const next = stream.next();
      const quiet = clock.sleep(quietMs, rest.signal).then(
        () => undefined,
        () => undefined,
      );
      const got = await Promise.race([next, quiet]);
      rest.abort();
      if (got === undefined) {
        next.catch(() => {});
        break;
      }
      if (got.done === true) break;
      events.push(got.value);
    }
  } finally {
    stop.abort();
  }
  return { events, records: recordsIn(events) };
}

function recordsIn(events: readonly OperationEvent[]): JournalRecord[] {
  return events.flatMap(({ type, data }) => (type === 'record' ? [RecordEvent.parse(data).record] : []));
}

/** A restore in the words of the views, as its journal tells it. */
export function restoreOf(operation: Operation, records: readonly JournalRecord[]): Restore {
  const plan = RestorePlan.parse(operation.input['plan']);
  const report = RestoreReport.safeParse(operation.result).data;
  return {
    ...{ plan, records, state: operationState(plan.steps, records) },
    running: operation.state === 'running' || operation.state === 'waiting',
    ...(report !== undefined && { report }),
  };
}

/** Gives the commands on a restore of a server, by its operation: they take no other id. */
export function fleetCommands({ again }: Fleet, { id }: Operation): CommandFor {
  return (verb) => ['holdfast', 'restore', verb, id, ...again];
}

/**
 * Follows a restore with its steps until it is over or stands still, and reports what became of it.
 *
 * @param before what had happened when it was asked for
 */
export async function followRestore(
  fleet: Fleet,
  verb: Verb,
  begun: Operation,
  before: Told = { events: [], records: [] },
): Promise<Answer> {
  const plan = RestorePlan.parse(begun.input['plan']);
  const records = [...before.records];
  const tell = stepLines(fleet.session, verb, plan);
  const ended = await followed(fleet, begun, {
    after: before.events.at(-1)?.n,
    onEvent: (event) => {
      for (const record of recordsIn([event])) {
        records.push(record);
        tell(record);
      }
      if (event.type === 'note' && typeof event.data['note'] === 'string')
        fleet.session.context.onProgress?.({ phase: event.data['note'], done: 0 });
    },
  });
  const restore = restoreOf(ended, records);
  const commandFor = fleetCommands(fleet, ended);
  const failure = failureOfEnd(ended);
  if (restore.report !== undefined) {
    const told = reportAnswer(restore.report, wantedBy(records), restore, commandFor);
    return withRestart(fleet, { ...told, json: { ...told.json, operation: ended.id } }, ended);
  }
  if (failure === undefined) return operationAnswer(restore, commandFor);
  const isOpen = possibleVerbs(plan.steps, restore.state).length > 0 && ended.state === 'stuck';
  throw isOpen ? withNext(failure, nextLines(restore, commandFor)) : failure;
}

/** Beside the report, where the nodes are restarted meanwhile. */
function withRestart({ again }: Fleet, told: Answer, { result }: Operation): Answer {
  const id = result?.['restartNodes'];
  if (typeof id !== 'string') return told;
  const follow = commandLine(['holdfast', 'operation', 'follow', id, ...again]);
  return {
    ...told,
    json: { ...told.json, restartNodes: id },
    text: (view) => `${told.text(view)}The nodes are restarted, one after the other: ${follow}\n`,
  };
}

/** To be put back is what a person asked for by `abort` or `rollback`, and nobody did by a failure. */
function wantedBy(records: readonly JournalRecord[]): RestoreReport['outcome'] {
  const by = records.findLast(({ event }) => event === 'back')?.evidence?.['by'];
  return by === 'abort' || by === 'rollback' ? 'rolled-back' : 'finished';
}
