import { isFailure } from '@holdfast/base';
import type { Check, CheckName } from '@holdfast/model';

/** Findings that are told in full; the rest are counted. */
const toldInFull = 3;

/** What is wrong, by check, in the order in which it was found. */
export class Findings {
  readonly #told = new Map<CheckName, string[]>();
  readonly #count = new Map<CheckName, number>();

  add(check: CheckName, place: string, reason: string): void {
    this.#addText(check, `${place}: ${reason}`);
  }

  #addText(check: CheckName, text: string): void {
    const count = this.count(check);
    this.#count.set(check, count + 1);
    if (count < toldInFull) this.#told.set(check, [...(this.#told.get(check) ?? []), text]);
  }

  /** What `read` gives; `instead` when it meets damage in the tree, which is a finding then. */
  async unlessDamaged<T>(instead: T, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!isFailure(error, 'not-a-snapshot')) throw error;
      this.#addText('tree', error.why);
      return instead;
    }
  }

  count(check: CheckName): number {
    return this.#count.get(check) ?? 0;
  }

  /** The check as evidence: failed with its findings, or else passed with `detail`. */
  conclude(check: CheckName, detail: string): Check {
    const count = this.count(check);
    if (count === 0) return { check, outcome: 'passed', detail };
    const more = count > toldInFull ? `; and ${count - toldInFull} more` : '';
    return { check, outcome: 'failed', detail: (this.#told.get(check) ?? []).join('; ') + more };
  }
}
