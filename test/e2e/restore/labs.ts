import { Lab, type LabOptions } from './lab.ts';

/** Several labs of one kind, so that cases that mostly wait can run beside each other; each is used by one at a time. */
export class Labs implements AsyncDisposable {
  readonly #all: readonly Lab[];
  readonly #free: Lab[];
  readonly #waiting: ((lab: Lab) => void)[] = [];

  private constructor(all: readonly Lab[]) {
    this.#all = all;
    this.#free = [...all];
  }

  static async make(count: number, options: LabOptions): Promise<Labs> {
    const all: Lab[] = [];
    for (let i = 0; i < count; i++) all.push(await Lab.make(options));
    return new Labs(all);
  }

  /** Waits for a free lab, and gives it back when `act` is over. */
  async use(act: (lab: Lab) => Promise<void>): Promise<void> {
    const free = this.#free.pop();
    const lab = free ?? (await new Promise<Lab>((resolve) => this.#waiting.push(resolve)));
    try {
      await act(lab);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(lab);
      else next(lab);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lab of this.#all) await lab[Symbol.asyncDispose]();
  }
}
