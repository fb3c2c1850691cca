import { Failure, isFailure, type Clock } from '@holdfast/base';
import type { ByteRange, ObjectWriter, Storage, StoredObject } from '../../storage/storage.ts';
import { WrappedStorage } from '../../storage/wrapped.ts';

/**
 * What becomes of one call of a storage: done; failed without effect; `lost`: done, and its answer lost; `late`: failed,
 * and done at some later time; `twice`: done, and done once more later; and the deaths of the caller before the call,
 * after it, and with the call still on its way.
 */
export type Fate = 'done' | 'fail' | 'lost' | 'late' | 'twice' | 'die' | 'die-after' | 'die-late';

interface Call {
  /** A `removal` happens when it is asked for or never: what comes late would hit what was written since. */
  readonly kind: 'change' | 'removal' | 'question' | 'sleep';
  readonly run: () => Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Processes whose calls of a storage happen one by one, in an order that is given from outside: no chance, no time. */
export class World {
  /** Milliseconds. */
  now = 0;
  /** Counts what has happened. */
  moment = 0;
  /** Requests on their way whose callers have long gone on. */
  readonly late: (() => Promise<unknown>)[] = [];

  readonly wallClock = { now: (): Date => new Date(this.now) };

  /** Has a late request arrive. */
  async land(which: number): Promise<void> {
    const [request] = this.late.splice(which % Math.max(this.late.length, 1), 1);
    try {
      await request?.();
    } catch (error) {
      // Nobody hears its answer any more.
      if (!isFailure(error)) throw error;
    }
    this.moment += 1;
  }
}

/** One process of a world. Its clock has a start and a speed of its own. */
export class Actor {
  readonly clock: Clock;
  readonly #world: World;
  readonly #script: (actor: Actor) => Promise<void>;
  #call: Call | undefined;
  #parked: (() => void) | undefined;
  #running = false;
  /** What the script threw when it should not have. */
  #error: unknown;
  /** How often it has died; what belongs to an earlier life stands still for ever. */
  #life = 0;

  constructor(world: World, start: number, speed: number, script: (actor: Actor) => Promise<void>) {
    this.#world = world;
    this.#script = script;
    this.clock = {
      now: () => new Date(start + world.now * speed),
      monotonic: () => start + world.now * speed,
      sleep: async (ms) => {
        const until = world.now + ms / speed;
        await this.#park('sleep', async () => {
          world.now = Math.max(world.now, until);
        });
      },
    };
  }

  /** Lets the next call happen, having begun or begun anew where there is nothing under way. */
  async step(fate: Fate): Promise<void> {
    if (!this.#running) await this.#advance(() => this.#begin());
    if (this.#error !== undefined) throw this.#error;
    const call = this.#call;
    if (call === undefined) return;
    this.#world.moment += 1;
    const fits =
      call.kind === 'change' ? fate : call.kind === 'removal' ? inTime(fate) : toQuestion(fate, call.kind);
    if (fits === 'late' || fits === 'twice' || fits === 'die-late') this.#world.late.push(call.run);
    if (fits.startsWith('die')) {
      if (fits === 'die-after') await call.run();
      this.#call = undefined;
      this.#running = false;
      this.#life += 1;
      return;
    }
    const happens = fits === 'done' || fits === 'lost' || fits === 'twice';
    const outcome = happens
      ? await call.run().then(
          (value) => () => call.resolve(value),
          (error: Error) => () => call.reject(error),
        )
      : undefined;
    const failed = new Failure('s3-unreachable', 'a fault', { endpoint: 'memory' });
    await this.#advance(fits === 'done' || fits === 'twice' ? outcome! : () => call.reject(failed));
    if (this.#error !== undefined) throw this.#error;
  }

  /**
   * The storage as this process sees it.
   *
   * @param removals whether what it removes may be removed late
   */
  sees(storage: Storage, removals: 'change' | 'removal' = 'change'): Storage {
    return new GatedStorage(storage, (kind, run) => this.#park(kind, run), removals);
  }

  #park<T>(kind: Call['kind'], run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#call = { kind, run, resolve: (value) => resolve(value as T), reject };
      this.#parked?.();
    });
  }

  /** Does something that sets the process going, and returns when it stands at its next call or has ended. */
  #advance(act: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.#call = undefined;
      this.#parked = resolve;
      act();
    });
  }

  #begin(): void {
    this.#running = true;
    const life = this.#life;
    const end = (error?: unknown): void => {
      if (life !== this.#life) return;
      this.#error = error;
      this.#running = false;
      this.#parked?.();
    };
    this.#script(this).then(() => end(), end);
  }
}

function toQuestion(fate: Fate, kind: Call['kind']): Fate {
  if (fate.startsWith('die')) return 'die';
  return kind === 'sleep' || fate === 'done' || fate === 'twice' ? 'done' : 'fail';
}

function inTime(fate: Fate): Fate {
  if (fate === 'late') return 'fail';
  if (fate === 'twice') return 'done';
  return fate === 'die-late' ? 'die' : fate;
}

class GatedStorage extends WrappedStorage {
  readonly #gate: <T>(kind: Call['kind'], run: () => Promise<T>) => Promise<T>;

  readonly #removals: 'change' | 'removal';

  constructor(
    inner: Storage,
    gate: <T>(kind: Call['kind'], run: () => Promise<T>) => Promise<T>,
    removals: 'change' | 'removal',
  ) {
    super(inner);
    this.#gate = gate;
    this.#removals = removals;
  }

  override async create(key: string): Promise<ObjectWriter> {
    const writer = await this.inner.create(key);
    let open = true;
    const place = async (): Promise<boolean> => {
      if (!open) return false;
      open = false;
      return writer.place();
    };
    return {
      path: writer.path,
      write: (chunk) => writer.write(chunk),
      sync: () => writer.sync(),
      place: () => this.#gate('change', place),
      discard: async () => {
        open = false;
        await writer.discard();
      },
    };
  }

  override async *read(key: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    yield* await this.#gate('question', async () => this.inner.read(key, range));
  }

  override stat(key: string): Promise<StoredObject | undefined> {
    return this.#gate('question', () => this.inner.stat(key));
  }

  override put(key: string, content: Uint8Array): Promise<boolean> {
    return this.#gate('change', () => this.inner.put(key, content));
  }

  override get(key: string, limit: number): Promise<Uint8Array | undefined> {
    return this.#gate('question', () => this.inner.get(key, limit));
  }

  override delete(key: string): Promise<boolean> {
    return this.#gate(this.#removals, () => this.inner.delete(key));
  }

  override async *list(folder: string): AsyncIterable<StoredObject> {
    yield* await this.#gate('question', async () => {
      const found: StoredObject[] = [];
      for await (const each of this.inner.list(folder)) found.push(each);
      return found;
    });
  }
}
