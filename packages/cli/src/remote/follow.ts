import { Failure, failureTable, isFailure, type FailureCode } from '@holdfast/base';
import type { Operation, OperationEvent } from '@holdfast/model/fleet';
import { withNext } from '../failure/with-next.ts';
import { commandLine } from '../term/quote.ts';
import type { Fleet } from './connection.ts';

/** How an operation is followed. */
export interface Following {
  /** The number of the last event that is known. */
  readonly after?: number | undefined;
  readonly onEvent?: (event: OperationEvent) => void;
}

/**
 * Follows an operation until it is over, or stands still for a person, with its progress on stderr.
 *
 * @returns how it stands then
 * @throws Failure following-ended: an interruption ends the following alone; as the server has it
 */
export async function followed(
  fleet: Fleet,
  { id, kind, state, approvalsNeeded, approvals }: Operation,
  { after, onEvent }: Following = {},
): Promise<Operation> {
  const { client, session } = fleet;
  const params = { operation: id };
  const stop = new AbortController();
  if (state === 'waiting' && approvals.length < approvalsNeeded)
    session.warn(
      `${id} waits for ${approvalsNeeded - approvals.length} to allow it: ${commandsOn(fleet, id)('approve')}`,
    );
  session.context.onProgress?.({ phase: `${kind} ${id}`, done: 0 });
  try {
    for await (const event of client.events('followOperation', { params, signal: stop.signal }, after)) {
      // The steps of a restore tell their phase themselves.
      if (kind !== 'restore' || event.type !== 'phase') showProgress(fleet, event);
      onEvent?.(event);
      if (event.type === 'state' && event.data['state'] === 'stuck') break;
    }
    return await client.call('getOperation', { params });
  } catch (error) {
    throw session.io.signal.aborted ? goesOn(fleet, id, kind) : error;
  } finally {
    stop.abort();
  }
}

/** Gives the command of a verb on an operation, as it can be pasted. */
function commandsOn({ again }: Fleet, id: string): (verb: string) => string {
  return (verb) => commandLine(['holdfast', 'operation', verb, id, ...again]);
}

function goesOn(fleet: Fleet, id: string, kind: Operation['kind']): Failure {
  const on = commandsOn(fleet, id);
  const end =
    kind === 'restore' ? commandLine(['holdfast', 'restore', 'abort', id, ...fleet.again]) : on('cancel');
  const { reason } = fleet.session.io.signal;
  const failure = new Failure('following-ended', isFailure(reason) ? reason.why : String(reason), {
    operation: id,
  });
  return withNext(failure, `Follow it again: ${on('follow')}\nGive it up: ${end}`);
}

function showProgress({ session }: Fleet, { type, data }: OperationEvent): void {
  const { onProgress } = session.context;
  // The other phases of a save are told by its first line and its end.
  if (type === 'phase' && data['phase'] === 'RestartCluster')
    onProgress?.({ phase: 'the members are looked at', done: 0 });
  if (type !== 'progress' || typeof data['phase'] !== 'string') return;
  const { phase, done, total } = data;
  onProgress?.({
    phase,
    done: typeof done === 'number' ? done : 0,
    ...(typeof total === 'number' && { total }),
  });
}

/**
 * What the end of an operation means for the exit status: the failure that its node has had, under the same code where this
 * version knows it. Undefined: it went well, or is not over.
 */
export function failureOfEnd({ id, state, why, failure, kind }: Operation): Failure | undefined {
  const isWell = state === 'succeeded' || state === 'waiting' || state === 'running';
  if (failure !== null && !(isWell && kind !== 'restore')) {
    const { code, what, why: cause, next, details } = failure;
    if (code in failureTable) {
      const told = new Failure(code as FailureCode, cause, details);
      return withNext(told, next || told.next);
    }
    return new Failure('server-failed', `${what}: ${cause} (${next})`, { ...details, code });
  }
  if (isWell) return undefined;
  const said = why || `it is ${state}`;
  if (state === 'partial') return new Failure('operation-partial', said, { operation: id });
  if (state === 'cancelled') return new Failure('operation-cancelled', said, { operation: id });
  if (state === 'rolled-back') return new Failure('restore-rolled-back', said, { id });
  if (state === 'stuck') return new Failure('restore-stuck', said, { id });
  return new Failure('server-failed', said, { operation: id });
}

/** @throws the failure that an operation has ended with, where it came to nothing */
export function refuseFailed(operation: Operation): Operation {
  const failure = failureOfEnd(operation);
  if (failure !== undefined && operation.state !== 'partial') throw failure;
  return operation;
}
