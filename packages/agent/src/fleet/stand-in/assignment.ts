import { readFile } from 'node:fs/promises';
import { isFailure } from '@holdfast/base';
import { writeDurably } from '@holdfast/engine';
import { Assignment } from '@holdfast/model/fleet';
import type { FleetFolder } from '../folder.ts';

/** What this node works by, kept with its secrets for this user only. */
export class KeptAssignment {
  readonly #path: string;
  #current: Assignment | undefined;

  private constructor(path: string, current: Assignment | undefined) {
    this.#path = path;
    this.#current = current;
  }

  /** What was kept; where that cannot be used, none: the server tells it again. */
  static async read({ assignment: path }: FleetFolder): Promise<KeptAssignment> {
    const text = await readFile(path, 'utf8').catch(() => '');
    return new KeptAssignment(path, Assignment.safeParse(jsonOf(text)).data);
  }

  get current(): Assignment | undefined {
    return this.#current;
  }

  /** '' for none. */
  get version(): string {
    return this.#current?.version ?? '';
  }

  /**
   * Puts it on the disk, then works by it. Where the disk takes nothing it is worked by all the same, until this process
   * ends.
   *
   * @returns why it is not on the disk; undefined when it is
   */
  async keep(assignment: Assignment): Promise<string | undefined> {
    this.#current = assignment;
    try {
      await writeDurably(this.#path, `${JSON.stringify(assignment)}\n`);
      return undefined;
    } catch (error) {
      if (!isFailure(error)) throw error;
      return `${error.message}: ${error.why}`;
    }
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
