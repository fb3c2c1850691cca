import { Failure, type Clock } from '@holdfast/base';
import type { Order, OrderOutcome } from '@holdfast/model/fleet';
import type { DaemonLog } from '../../standalone/log.ts';
import type { KeptOrder, OrderJournal } from '../sync/order-journal.ts';
import { toldFailure } from '../told-failure.ts';
import type { Act, Result } from './act.ts';

export interface WorkerParts {
  readonly clock: Clock;
  readonly log: DaemonLog;
  readonly journal: OrderJournal;
  readonly carryOut: (act: Act) => Promise<Result>;
  /** Something is to be told to the server. */
  readonly onNews: () => void;
}

interface Running {
  readonly end: AbortController;
  readonly ended: Promise<void>;
}

/** Milliseconds between two progress reports of one order. */
const progressMs = 2_000;

/** Has orders carried out, each as soon as it comes, and notes what becomes of them. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #running = new Map<string, Running>();
  /** Called off before they were begun by this process. */
  readonly #calledOff = new Set<string>();
  readonly #stop: AbortSignal;

  /** @param stop once aborted, what is under way ends without a verdict, and is gone on with by the next process */
  constructor(parts: WorkerParts, stop: AbortSignal) {
    this.#parts = parts;
    this.#stop = stop;
  }

  /** Goes on with everything that has no end yet. */
  resume(): void {
    for (const kept of this.#parts.journal.open) if (kept.outcome === null) this.#begin(kept);
  }

  /** Takes orders that the server hands out; those that are known are passed over. What cannot be noted fails with that. */
  async take(orders: readonly Order[]): Promise<void> {
    const { journal, onNews } = this.#parts;
    for (const order of orders) {
      try {
        if (await journal.receive(order)) this.#begin(journal.get(order.id)!);
      } catch (error) {
        const outcome = { outcome: 'failed', failure: toldFailure(error) } as const;
        journal.refuse(order, outcome);
        this.#tellEnd(order, outcome);
        onNews();
      }
    }
  }

  /** Gives orders up; one that is over, or is not known, is left as it is. */
  cancel(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#parts.journal.get(id)?.outcome !== null) continue;
      this.#calledOff.add(id);
      this.#running.get(id)?.end.abort(calledOff());
    }
  }

  /** Resolves when nothing is under way any more. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  #begin(kept: KeptOrder): void {
    const { id } = kept.order;
    if (this.#running.has(id) || this.#stop.aborted) return;
    const end = new AbortController();
    if (this.#calledOff.has(id)) end.abort(calledOff());
    const ended = this.#run(kept, end).finally(() => {
      this.#running.delete(id);
      this.#calledOff.delete(id);
    });
    this.#running.set(id, { end, ended });
  }

  async #run({ order, begun, events }: KeptOrder, end: AbortController): Promise<void> {
    const { clock, journal, log, onNews } = this.#parts;
    const over = new AbortController();
    try {
      void this.#endAtDeadline(order, end, over.signal);
      if (!begun) await journal.begin(order.id);
      const again = begun ? ' again' : '';
      log({
        at: clock.now(),
        level: 'info',
        event: 'order-begun',
        text: `${order.kind} ${order.id} begins${again}`,
      });
      const outcome = await this.#outcome(order, [...events], end.signal);
      if (outcome === undefined) return;
      await journal.end(order.id, outcome);
      this.#tellEnd(order, outcome);
      onNews();
    } catch (error) {
      // What cannot be noted is not done, and whoever waits for it is told.
      const outcome = { outcome: 'failed', failure: toldFailure(error) } as const;
      await journal.end(order.id, outcome);
      this.#tellEnd(order, outcome);
      onNews();
    } finally {
      over.abort();
    }
  }

  /** Undefined when the agent ends: then it has no outcome. */
  async #outcome(
    order: Order,
    told: KeptOrder['events'],
    cancelled: AbortSignal,
  ): Promise<OrderOutcome | undefined> {
    const signal = AbortSignal.any([cancelled, this.#stop]);
    const telling = new Telling(this.#parts, order.id);
    try {
      signal.throwIfAborted();
      const act: Act = {
        ...{ order, signal, told },
        tell: (type, data) => telling.tell(type, data),
        progress: (data) => telling.progress(data),
      };
      const result = await this.#parts.carryOut(act);
      // Once through JSON: what is told is what is kept.
      return { outcome: 'done', result: JSON.parse(JSON.stringify(result)) as Result };
    } catch (error) {
      if (this.#stop.aborted) return undefined;
      if (cancelled.aborted) return { outcome: 'cancelled' };
      return { outcome: 'failed', failure: toldFailure(error) };
    } finally {
      await telling.ended();
    }
  }

  async #endAtDeadline({ deadline }: Order, end: AbortController, over: AbortSignal): Promise<void> {
    if (deadline === null) return;
    const { clock } = this.#parts;
    try {
      await clock.sleep(Math.max(0, Date.parse(deadline) - clock.now().getTime()), over);
      end.abort(new Failure('order-cancelled', `it was to be done by ${deadline}`));
    } catch {
      // It is over.
    }
  }

  #tellEnd(order: Order, outcome: OrderOutcome): void {
    const { clock, log } = this.#parts;
    const said = outcome.outcome === 'failed' ? `: ${outcome.failure.what}: ${outcome.failure.why}` : '';
    log({
      at: clock.now(),
      level: outcome.outcome === 'failed' ? 'error' : 'info',
      event: 'order-ended',
      text: `${order.kind} ${order.id} is ${outcome.outcome}${said}`,
      fields: { order: order.id, operation: order.operation, outcome: outcome.outcome },
    });
  }
}

function calledOff(): Failure {
  return new Failure('order-cancelled', 'the server has called it off');
}

/** What one order tells on its way. */
class Telling {
  readonly #parts: WorkerParts;
  readonly #id: string;
  #last: Promise<void> = Promise.resolve();
  #progressAt = -Infinity;

  constructor(parts: WorkerParts, id: string) {
    this.#parts = parts;
    this.#id = id;
  }

  async tell(type: 'record' | 'note' | 'progress', data: Act['told'][number]['data']): Promise<void> {
    const { journal, onNews } = this.#parts;
    const next = journal.event(this.#id, type, data);
    // The journal has them follow each other.
    this.#last = next;
    await next;
    onNews();
  }

  /** While the server has not stored the one before there is none: what a disk is asked for has an end, too. */
  progress(data: Act['told'][number]['data']): void {
    const now = this.#parts.clock.monotonic();
    if (now - this.#progressAt < progressMs) return;
    const kept = this.#parts.journal.get(this.#id);
    const last = kept?.events.at(-1);
    if (kept === undefined || (last?.type === 'progress' && last.n >= kept.storedEvents)) return;
    this.#progressAt = now;
    // What cannot be noted is no reason for the order to fail.
    this.tell('progress', data).catch(() => {});
  }

  async ended(): Promise<void> {
    await this.#last.catch(() => {});
  }
}
