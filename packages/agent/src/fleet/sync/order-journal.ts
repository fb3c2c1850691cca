import { open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure, type Clock } from '@holdfast/base';
import { Order, OrderOutcome, SyncRequest } from '@holdfast/model/fleet';
import { z } from 'zod';
import { syncFolder } from '../../on-disk.ts';

const Event = SyncRequest.shape.events.element.omit({ order: true });
export type OrderEvent = z.infer<typeof Event>;

/** One line of an order's journal. */
const Line = z.discriminatedUnion('line', [
  z.object({ line: z.literal('received'), order: Order }),
  z.object({ line: z.literal('begun') }),
  z.object({ line: z.literal('event'), event: Event }),
  z.object({ line: z.literal('outcome'), outcome: OrderOutcome, at: z.iso.datetime() }),
  // The server has it on its disk: the events up to a number, and the outcome.
  z.object({ line: z.literal('stored'), events: z.int().optional(), outcome: z.literal(true).optional() }),
]);
type Line = z.infer<typeof Line>;

/** An order as its journal has it. */
export interface KeptOrder {
  readonly order: Order;
  readonly begun: boolean;
  readonly events: readonly OrderEvent[];
  /** How many of the events the server has stored. */
  readonly storedEvents: number;
  readonly outcome: OrderOutcome | null;
  readonly outcomeStored: boolean;
  readonly endedAt: string | null;
}

type Changing = { -readonly [Key in keyof KeptOrder]: KeptOrder[Key] } & { events: OrderEvent[] };

interface Entry {
  readonly kept: Changing;
  readonly path: string;
  /** Undefined: there was no room for it, and it is known to this process alone. */
  readonly file: FileHandle | undefined;
  /** Bytes of the whole lines. */
  length: number;
  isTorn: boolean;
  /** The last append: lines of one order follow each other. */
  last: Promise<void>;
}

/** Milliseconds for which an order is remembered after the server has stored its outcome: it may be handed out twice. */
const rememberedMs = 24 * 3_600_000;

/**
 * The orders of this agent, a file each: a line of JSON for what happens, on the disk before it is told or acted upon. A
 * last line without its newline was never finished and counts as not written.
 *
 * A full disk keeps nobody from putting a machine back: what another node asks for in a restore can be done twice, so it is
 * taken in all the same, known to this process alone; the server hands it out again to the next one. Nor does it keep the end
 * of an order from being told.
 */
export class OrderJournal {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  private constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /**
   * Reads what is there. What is damaged is put aside under another name: the server is told that this order is lost once
   * it hands it out again.
   *
   * @returns the journal, and the names of the files that were put aside
   * @throws Failure file-unreadable, file-unwritable, disk-full
   */
  static async open(
    folder: string,
    clock: Clock,
  ): Promise<{ readonly journal: OrderJournal; readonly damaged: readonly string[] }> {
    const journal = new OrderJournal(folder, clock);
    const damaged: string[] = [];
    for (const name of await listed(folder)) {
      const path = join(folder, name);
      const found = await readLog(path);
      if (found === undefined) {
        await acting(path, () => rename(path, `${path}.damaged`));
        damaged.push(name);
      } else if (found.kept === undefined) await acting(path, () => rm(path, { force: true }));
      else await journal.#take(path, found.kept, found.length);
    }
    return { journal, damaged };
  }

  get(id: string): KeptOrder | undefined {
    return this.#entries.get(id)?.kept;
  }

  /** Those of which the server does not know the end yet, in the order of their making. */
  get open(): readonly KeptOrder[] {
    return [...this.#entries.values()]
      .map(({ kept }) => kept)
      .filter(({ outcomeStored }) => !outcomeStored)
      .toSorted((a, b) => a.order.createdAt.localeCompare(b.order.createdAt));
  }

  /** Takes an order in; false when it is known. @throws Failure file-unwritable, disk-full */
  async receive(order: Order): Promise<boolean> {
    if (this.#entries.has(order.id)) return false;
    const path = this.#pathOf(order);
    try {
      await this.#take(path, newlyKept(order), 0);
      await write(this.#entries.get(order.id)!, { line: 'received', order });
      await acting(path, () => syncFolder(this.#folder));
    } catch (error) {
      await this.#entries.get(order.id)?.file?.close();
      this.#entries.delete(order.id);
      if (order.kind !== 'node') throw error;
      this.#hold(newlyKept(order));
    }
    return true;
  }

  /** An order that could not be taken in has ended with that; known to this process alone. */
  refuse(order: Order, outcome: OrderOutcome): void {
    this.#hold({ ...newlyKept(order), outcome, endedAt: this.#clock.now().toISOString() });
  }

  async begin(id: string): Promise<void> {
    await this.#append(id, { line: 'begun' }, (kept) => {
      kept.begun = true;
    });
  }

  /** Notes an event; its number is the next of the order. */
  async event(id: string, type: OrderEvent['type'], data: OrderEvent['data']): Promise<void> {
    const at = this.#clock.now().toISOString();
    const make = (kept: KeptOrder): Line => ({
      line: 'event',
      event: { n: kept.events.length, at, type, data },
    });
    await this.#append(id, make, (kept, line) => {
      if (line.line === 'event') kept.events.push(line.event);
    });
  }

  async end(id: string, outcome: OrderOutcome): Promise<void> {
    const at = this.#clock.now().toISOString();
    await this.#append(id, { line: 'outcome', outcome, at }, (kept) => {
      kept.outcome = outcome;
      kept.endedAt = at;
    });
  }

  /** The server has stored the events up to a number, inclusive. */
  async storedUpTo(id: string, n: number): Promise<void> {
    const kept = this.get(id);
    if (kept === undefined || n < kept.storedEvents) return;
    const events = Math.min(n + 1, kept.events.length);
    await this.#append(id, { line: 'stored', events }, (changing) => {
      changing.storedEvents = events;
    });
  }

  /** The server has stored the outcome. */
  async storedOutcome(id: string): Promise<void> {
    const kept = this.get(id);
    if (kept === undefined || kept.outcome === null || kept.outcomeStored) return;
    await this.#append(id, { line: 'stored', outcome: true }, (changing) => {
      changing.outcomeStored = true;
    });
  }

  /** Forgets what was over long ago. */
  async prune(): Promise<void> {
    const before = this.#clock.now().getTime() - rememberedMs;
    for (const [id, { kept, file, path, last }] of this.#entries) {
      if (!kept.outcomeStored || Date.parse(kept.endedAt ?? '') > before) continue;
      this.#entries.delete(id);
      await last.catch(() => {});
      await file?.close();
      await acting(path, () => rm(path, { force: true }));
    }
  }

  /** Waits for the last appends. */
  async close(): Promise<void> {
    for (const { file, last } of this.#entries.values()) {
      await last.catch(() => {});
      await file?.close();
    }
    this.#entries.clear();
  }

  #pathOf({ id }: Order): string {
    return join(this.#folder, `${id}.log`);
  }

  #hold(kept: Changing): void {
    const path = this.#pathOf(kept.order);
    const entry = { kept, path, file: undefined, length: 0, isTorn: false, last: Promise.resolve() };
    this.#entries.set(kept.order.id, entry);
  }

  async #take(path: string, kept: Changing, length: number): Promise<void> {
    await acting(path, async () => {
      const file = await open(path, 'a', 0o600);
      await file.truncate(length);
      this.#entries.set(kept.order.id, { kept, path, file, length, isTorn: false, last: Promise.resolve() });
    });
  }

  /**
   * Puts a line on the disk, then changes what is known. What a failure, as of a full disk, has left of a line is cut off
   * before the next one.
   */
  async #append(
    id: string,
    line: Line | ((kept: KeptOrder) => Line),
    change: (kept: Changing, line: Line) => void,
  ): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new Error(`${id} is not in the journal`);
    const before = entry.last;
    const next = (async () => {
      await before.catch(() => {});
      const made = typeof line === 'function' ? line(entry.kept) : line;
      try {
        await write(entry, made);
      } catch (error) {
        if (entry.kept.order.kind !== 'node' && made.line !== 'outcome' && made.line !== 'stored')
          throw error;
      }
      change(entry.kept, made);
    })();
    entry.last = next;
    await next;
  }
}

function newlyKept(order: Order): Changing {
  return {
    ...{ order, begun: false, events: [], storedEvents: 0 },
    ...{ outcome: null, outcomeStored: false, endedAt: null },
  };
}

async function write(entry: Entry, line: Line): Promise<void> {
  const { file, path } = entry;
  if (file === undefined) return;
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  await acting(path, async () => {
    if (entry.isTorn) await file.truncate(entry.length);
    entry.isTorn = true;
    await file.appendFile(bytes);
    await file.sync();
    entry.length += bytes.length;
    entry.isTorn = false;
  });
}

async function listed(folder: string): Promise<string[]> {
  return await acting(folder, async () =>
    (await readdir(folder)).filter((name) => name.endsWith('.log')).toSorted(),
  );
}

/** Undefined: it is not what was written. `kept` is undefined where even the first line was not finished. */
async function readLog(
  path: string,
): Promise<{ readonly kept: Changing | undefined; readonly length: number } | undefined> {
  const bytes = await acting(path, () => readFile(path));
  const length = bytes.lastIndexOf(0x0a) + 1;
  let kept: Changing | undefined;
  for (const text of bytes.toString('utf8', 0, length).split('\n').slice(0, -1)) {
    const line = Line.safeParse(jsonOf(text)).data;
    if (line === undefined) return undefined;
    if (line.line === 'received') kept = newlyKept(line.order);
    else if (kept === undefined) return undefined;
    else replay(kept, line);
  }
  return { kept, length };
}

function replay(kept: Changing, line: Exclude<Line, { line: 'received' }>): void {
  if (line.line === 'begun') kept.begun = true;
  else if (line.line === 'event') kept.events.push(line.event);
  else if (line.line === 'outcome') {
    kept.outcome = line.outcome;
    kept.endedAt = line.at;
  } else {
    kept.storedEvents = line.events ?? kept.storedEvents;
    kept.outcomeStored = line.outcome ?? kept.outcomeStored;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function acting<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (isFailure(cause)) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new Failure(isFull ? 'disk-full' : 'file-unwritable', message, { path }, { cause });
  }
}
