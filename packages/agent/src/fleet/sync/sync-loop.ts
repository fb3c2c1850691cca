import { Failure, isFailure, type Clock } from '@holdfast/base';
import { SyncReply, type SyncRequest } from '@holdfast/model/fleet';
import type { DaemonLog } from '../../standalone/log.ts';
import { retryMs } from '../back-off.ts';
import type { ServerConnection } from '../connection.ts';
import type { Gathered } from '../inventory/gather.ts';
import type { Worker } from '../orders/worker.ts';
import type { KeptAssignment } from '../stand-in/assignment.ts';
import type { OwnRuns } from '../stand-in/own-runs.ts';
import type { OrderJournal } from './order-journal.ts';

export interface SyncParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: DaemonLog;
  readonly agentVersion: string;
  /** The one in use: it changes with the certificate. */
  readonly connection: () => ServerConnection;
  readonly journal: OrderJournal;
  readonly worker: Pick<Worker, 'take' | 'cancel'>;
  readonly assignment: KeptAssignment;
  readonly ownRuns: OwnRuns;
  /** As it was gathered last; undefined: not yet. */
  readonly inventory: () => Gathered | undefined;
  /** The server has answered. */
  readonly onHeard: () => void;
  /** The server wants the certificate renewed. */
  readonly onRenew: () => void;
}

/** Milliseconds that the server may hold its answer back. */
const pollMs = 50_000;
/** Milliseconds to the next attempt after the server has refused this agent: nothing changes soon. */
const refusedMs = 60_000;
/** Failures after which the same is told again. */
const tellEvery = 30;
/** Most of each in one request, as SyncRequest has it. */
const most = { outcomes: 100, events: 1_000, ownRuns: 100, running: 1_000 };

type News = Pick<SyncRequest, 'outcomes' | 'events' | 'ownRuns'>;

/**
 * What agent and server say to each other: one question is always with the server, which answers it once there is something
 * to do; what is new here is told at once by a second one. Everything is told again until the server has stored it.
 */
export class SyncLoop {
  readonly #parts: SyncParts;
  #news = Promise.withResolvers<void>();
  /** Of the inventory that the server has. */
  #toldHash: string | undefined;
  #failures = 0;
  /** The code of the last failure; undefined: the server answers. */
  #failing: string | undefined;

  constructor(parts: SyncParts) {
    this.#parts = parts;
  }

  /** Something is to be told. */
  tell(): void {
    this.#news.resolve();
  }

  /** Goes on until the signal is aborted. Nothing that the server does ends it. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#polling(signal), this.#telling(signal)]);
  }

  async #polling(signal: AbortSignal): Promise<void> {
    const nothing: News = { outcomes: [], events: [], ownRuns: [] };
    let isFirst = true;
    while (!signal.aborted) {
      const isHeard = await this.#ask(nothing, isFirst ? 0 : pollMs, signal);
      isFirst = !isHeard;
      // After a silence, what was new meanwhile.
      if (isHeard && this.#untold > 0) this.tell();
    }
  }

  async #telling(signal: AbortSignal): Promise<void> {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    while (!signal.aborted) {
      await Promise.race([this.#news.promise, ended]);
      this.#news = Promise.withResolvers<void>();
      // What cannot be told now is told once the server answers the other question again.
      if (signal.aborted || this.#failing !== undefined) continue;
      const before = this.#untold;
      const isHeard = await this.#ask(this.#newsNow(), 0, signal);
      // What the server has not stored, though it was told, is told again after the next poll.
      if (isHeard && this.#untold > 0 && this.#untold < before) this.tell();
    }
  }

  /** How much there is to tell. */
  get #untold(): number {
    const { journal, ownRuns } = this.#parts;
    const ofOrders = journal.open.map(
      ({ events, storedEvents, outcome }) => events.length - storedEvents + (outcome === null ? 0 : 1),
    );
    return ofOrders.reduce((sum, each) => sum + each, ownRuns.untold.length) + (this.#isInventoryNew ? 1 : 0);
  }

  get #isInventoryNew(): boolean {
    const { hash } = this.#parts.inventory() ?? {};
    return hash !== undefined && hash !== this.#toldHash;
  }

  #newsNow(): News {
    const { journal, ownRuns } = this.#parts;
    const outcomes: News['outcomes'] = [];
    const events: News['events'] = [];
    for (const { order, events: all, storedEvents, outcome } of journal.open) {
      const untold = all.slice(storedEvents);
      const room = most.events - events.length;
      events.push(...untold.slice(0, room).map((event) => ({ order: order.id, ...event })));
      // Its end is told behind all that it has to tell.
      if (outcome !== null && untold.length <= room && outcomes.length < most.outcomes)
        outcomes.push({ order: order.id, outcome });
    }
    return { outcomes, events, ownRuns: ownRuns.untold.slice(0, most.ownRuns) };
  }

  /** One question. @returns whether it was answered; it has waited for a while when not */
  async #ask(news: News, waitMs: number, signal: AbortSignal): Promise<boolean> {
    const {
      clock,
      journal,
      assignment,
      agentVersion,
      inventory: gathered,
      connection,
      onHeard,
    } = this.#parts;
    const inventory = gathered();
    const withInventory = waitMs === 0 && this.#isInventoryNew;
    const body: SyncRequest = {
      ...{ agentVersion, waitMs, ...news },
      now: clock.now().toISOString(),
      inventoryHash: inventory?.hash ?? '',
      ...(withInventory && inventory !== undefined && { inventory: inventory.inventory }),
      assignment: assignment.version,
      running: journal.open.map(({ order }) => order.id).slice(0, most.running),
    };
    try {
      const reply = await connection().ask({
        ...{ method: 'POST', path: '/agent/v1/sync', body },
        ...{ reply: SyncReply, signal },
      });
      if (withInventory) this.#toldHash = inventory?.hash;
      else if (reply.wantsInventory) this.#toldHash = undefined;
      await this.#heard(reply).finally(onHeard);
      if (reply.wantsInventory && !withInventory && inventory !== undefined) this.tell();
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      await this.#silence(error, signal);
      return false;
    }
  }

  async #heard(reply: SyncReply): Promise<void> {
    const { clock, log, journal, worker, assignment, ownRuns, onRenew } = this.#parts;
    if (this.#failing !== undefined) {
      const text = 'the server answers again';
      log({ at: clock.now(), level: 'info', event: 'server-heard', text });
    }
    this.#failing = undefined;
    this.#failures = 0;
    if (reply.assignment !== undefined && reply.assignment.version !== assignment.version) {
      const unkept = await assignment.keep(reply.assignment);
      const { policies, standsIn } = reply.assignment;
      const role = standsIn ? ', and this node stands in for the server' : '';
      const text = `the assignment is ${policies.length} ${policies.length === 1 ? 'policy' : 'policies'}${role}${unkept === undefined ? '' : `; it is lost with this process: ${unkept}`}`;
      const level = unkept === undefined ? 'info' : 'error';
      log({ at: clock.now(), level, event: 'assigned', text });
    }
    for (const id of reply.storedOutcomes) await journal.storedOutcome(id);
    for (const { order, upTo } of reply.storedEvents) await journal.storedUpTo(order, upTo);
    await ownRuns.stored(reply.storedRuns);
    await journal.prune();
    worker.cancel(reply.cancel);
    await worker.take(reply.orders.filter(({ id }) => !reply.cancel.includes(id)));
    if (reply.renew) onRenew();
  }

  async #silence(cause: unknown, signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#parts;
    const failure = isFailure(cause) ? cause : new Failure('internal', String(cause));
    const isRefused = failure.code === 'agent-expelled' || failure.code === 'server-untrusted';
    if (failure.code !== this.#failing || this.#failures % tellEvery === 0) {
      const text = isRefused
        ? `${failure.message}: ${failure.why}; its orders are not heard, and the schedule is kept by the last assignment`
        : `${failure.message}: ${failure.why}; it is asked again`;
      const fields = { code: failure.code, next: failure.next };
      log({ at: clock.now(), level: isRefused ? 'error' : 'warning', event: 'server-silent', text, fields });
    }
    this.#failing = failure.code;
    this.#failures += 1;
    const ms = isRefused ? refusedMs : retryMs(this.#failures, random);
    await clock.sleep(ms, signal).catch(() => {});
  }
}
