import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '@holdfast/engine';
import { z } from 'zod';
import type { FleetFolder } from '../folder.ts';

const Names = z.array(z.string());

/**
 * The repositories that this agent has saved into. A folder that held one and is empty now is a disk that is not mounted:
 * none is made there again.
 */
export class StoredIn {
  readonly #path: string;
  readonly #names: Set<string>;

  private constructor(path: string, names: readonly string[]) {
    this.#path = path;
    this.#names = new Set(names);
  }

  static async read(folder: FleetFolder): Promise<StoredIn> {
    const path = join(folder.path, 'stored-in.json');
    try {
      return new StoredIn(path, Names.parse(JSON.parse(await readFile(path, 'utf8'))));
    } catch {
      // None was written yet; where it was lost, one that is missing may be made.
      return new StoredIn(path, []);
    }
  }

  has(repository: string): boolean {
    return this.#names.has(repository);
  }

  /** @throws Failure file-unwritable, disk-full */
  async add(repositories: readonly string[]): Promise<void> {
    const before = this.#names.size;
    for (const name of repositories) this.#names.add(name);
    if (this.#names.size > before) await writeDurably(this.#path, `${JSON.stringify([...this.#names])}\n`);
  }
}
