import type { Operation, OperationEvent } from '@holdfast/model/fleet';
import type { ServerContext } from '../context.ts';
import { operationOf } from './ask-restore.ts';
import { isOver } from './is-over.ts';

/** Milliseconds after which it is looked again although no bell has rung. */
const lookMs = 5_000;
const atOnce = 500;

/**
 * What happens in an operation from event `from` on, until it is over and all was told.
 *
 * @throws Failure operation-unknown
 */
export async function* followEvents(
  context: ServerContext,
  id: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<OperationEvent> {
  const { store } = context;
  await operationOf(store, id);
  using heard = listen(context, id, signal);
  let next = from;
  let progress = '';
  while (!signal.aborted) {
    const rung = heard.next();
    // Looked at before the events: what comes after its end is nothing any more.
    const operation = await store.operations.get(id);
    const events = await store.operations.events(id, next, atOnce);
    for (const event of events) {
      if (event.type !== 'progress') next = event.n + 1;
      else if (progress === `${event.at} ${JSON.stringify(event.data)}`) continue;
      else progress = `${event.at} ${JSON.stringify(event.data)}`;
      yield event;
    }
    if (events.length >= atOnce) continue;
    if (operation === undefined || isOver(operation.state)) return;
    await heard.wait(rung, lookMs);
  }
}

/** The operation, once it has ended or stands still for a person, or when the time is over. @throws Failure operation-unknown */
export async function waitForEnd(
  context: ServerContext,
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<Operation> {
  const { store, clock } = context;
  const until = clock.monotonic() + waitMs;
  using heard = listen(context, id, signal);
  for (;;) {
    const rung = heard.next();
    const operation = await operationOf(store, id);
    const restMs = until - clock.monotonic();
    if (isOver(operation.state) || operation.state === 'stuck' || restMs <= 0 || signal.aborted)
      return operation;
    await heard.wait(rung, Math.min(restMs, lookMs));
  }
}

interface Listening extends Disposable {
  /** Settles with the next ring after the call. */
  next(): Promise<void>;
  wait(rung: Promise<void>, ms: number): Promise<void>;
}

function listen({ store, clock }: ServerContext, id: string, signal: AbortSignal): Listening {
  let ring = Promise.withResolvers<void>();
  const wake = (): void => ring.resolve();
  const silence = store.bell.on('operation', (of) => {
    if (of === id) wake();
  });
  signal.addEventListener('abort', wake);
  return {
    next: () => {
      ring = Promise.withResolvers<void>();
      if (signal.aborted) wake();
      return ring.promise;
    },
    wait: async (rung, ms) => {
      const rest = new AbortController();
      await Promise.race([rung, clock.sleep(ms, rest.signal).catch(() => {})]);
      rest.abort();
    },
    [Symbol.dispose]: () => {
      silence();
      signal.removeEventListener('abort', wake);
    },
  };
}
