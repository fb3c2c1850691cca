import { closeSync, fdatasync, openSync } from 'node:fs';
import { limits } from '@holdfast/base';

/**
 * Has a growing file written to its disk while it grows, so that its final sync finds little left to do. Only a help: it
 * reports nothing, and what it could not do the final sync does, or fails at.
 */
export class EarlyWriteback implements Disposable {
  readonly #descriptor: number;
  #waiting = 0;
  #busy = false;
  #over = false;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
  }

  /** Told of each block in bytes as it is written. */
  grown(bytes: number): void {
    this.#waiting += bytes;
    if (this.#busy || this.#waiting < limits.writebackBytes) return;
    this.#waiting = 0;
    this.#busy = true;
    fdatasync(this.#descriptor, () => {
      this.#busy = false;
      if (this.#over) closeSync(this.#descriptor);
    });
  }

  [Symbol.dispose](): void {
    this.#over = true;
    if (!this.#busy) closeSync(this.#descriptor);
  }
}
