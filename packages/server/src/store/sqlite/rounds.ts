/** What a round of works needs of the database. */
export interface RoundsPorts {
  readonly run: (statement: string) => void;
  /** Whether a transaction is open: what fails badly, as on a full disk, may have ended it. */
  readonly isOpen: () => boolean;
  /** Milliseconds that never go backwards. */
  readonly now: () => number;
}

/** A work that was done; nobody knows of it yet. */
interface Done {
  /** Why it failed. */
  readonly failed?: unknown;
  /** Tells whoever waits. @param lost why nothing of its round was stored */
  readonly tell: (lost?: { readonly why: unknown }) => void;
}

interface Waiting {
  /** Never rejects. */
  readonly work: () => Promise<Done>;
  /** Whether it may be done without a transaction around it. */
  readonly isOne: boolean;
  readonly refuse: (why: unknown) => void;
}

/** Works of one round, and milliseconds after which it takes no more: others wait for its end. */
const most = 200;
const longestMs = 20;

/**
 * Lets one work at a time have the one connection, in the order in which they came, and puts those that wait on the disk
 * together: that takes longer than most works. Each is all or nothing by itself, and nobody hears of the end of one before
 * all of its round is stored.
 */
export class Rounds {
  readonly #ports: RoundsPorts;
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(ports: RoundsPorts) {
    this.#ports = ports;
  }

  /** @param isOne it is one statement, which is all or nothing without a transaction */
  async take<T>(work: () => Promise<T>, isOne: boolean): Promise<T> {
    const over = Promise.withResolvers<T>();
    const doing = async (): Promise<Done> => {
      try {
        const result = await (isOne ? work() : this.#whole(work));
        return { tell: (lost) => (lost === undefined ? over.resolve(result) : over.reject(lost.why)) };
      } catch (error) {
        return { failed: error, tell: () => over.reject(error) };
      }
    };
    this.#queue.push({ work: doing, isOne, refuse: over.reject });
    this.#running ??= this.#run();
    return over.promise;
  }

  /** When nobody waits any more. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Those that are asked for in the same moment come along.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      await this.#round();
      // What came over the network meanwhile is heard between two rounds.
      if (this.#queue.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#running = undefined;
  }

  async #round(): Promise<void> {
    const { run, isOpen } = this.#ports;
    if (this.#queue.length === 1 && this.#queue[0]!.isOne) {
      const { tell } = await this.#queue.shift()!.work();
      return tell();
    }
    try {
      run('begin immediate');
    } catch (why) {
      for (const { refuse } of this.#queue.splice(0)) refuse(why);
      return;
    }
    const all: Done[] = [];
    let lost: { readonly why: unknown } | undefined;
    try {
      await this.#fill(all);
      run('commit');
    } catch (why) {
      lost = { why };
      if (isOpen()) run('rollback');
    }
    for (const { tell } of all) tell(lost);
  }

  async #fill(all: Done[]): Promise<void> {
    const { isOpen, now } = this.#ports;
    const until = now() + longestMs;
    do {
      const done = await this.#queue.shift()!.work();
      all.push(done);
      if (!isOpen()) throw done.failed ?? new Error('a work has ended the transaction of its round');
    } while (this.#queue.length > 0 && all.length < most && now() < until);
  }

  async #whole<T>(work: () => Promise<T>): Promise<T> {
    const { run, isOpen } = this.#ports;
    run('savepoint work');
    try {
      const result = await work();
      run('release work');
      return result;
    } catch (error) {
      if (isOpen()) run('rollback to work; release work');
      throw error;
    }
  }
}
