import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { writeDurably } from '@holdfast/engine';
import { PolicyFile, type Policy } from '@holdfast/model';
import { daemonFolder } from './state-file.ts';

/** Where the policies come from. */
export interface PolicySource {
  /** Another text whenever they may have changed. Does not throw: what is wrong is told by `read`. */
  stamp(): Promise<string>;
  /** @throws Failure config-invalid, file-unreadable */
  read(): Promise<readonly Policy[]>;
}

/** What came of a look at the source. */
export type Looked =
  | { readonly kind: 'same' }
  | { readonly kind: 'new' }
  /** The policies in use stay. */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * The policies in use. What cannot be used is refused and the ones before are kept; a copy of them in the state folder
 * keeps them through restarts.
 */
export class PolicyWatch {
  readonly #source: PolicySource;
  readonly #copy: string;
  #stamp: string | undefined;
  /** What keeps them from being used may lie elsewhere and leave the stamp as it is. */
  #isRefused = false;
  #policies: readonly Policy[] = [];

  /** @param stateDir as `--state-dir` names it; its folder of the daemon is there */
  constructor(source: PolicySource, stateDir: string) {
    this.#source = source;
    this.#copy = join(daemonFolder(stateDir), 'policies-in-use.json');
  }

  get policies(): readonly Policy[] {
    return this.#policies;
  }

  /**
   * Reads them for the first time, or takes those that were in use when the daemon ended.
   *
   * @throws Failure why they cannot be used, when none were in use before
   */
  async start(): Promise<Looked> {
    try {
      return await this.#read();
    } catch (error) {
      if (!isFailure(error)) throw error;
      const kept = await this.#kept();
      if (kept === undefined) throw error;
      this.#policies = kept;
      this.#isRefused = true;
      return { kind: 'refused', why: `${error.message}: ${error.why}` };
    }
  }

  /** Looks whether they have changed, or can be used at last. @param always reads them in any case */
  async look(always: boolean): Promise<Looked> {
    const stamp = await this.#source.stamp();
    if (!always && !this.#isRefused && stamp === this.#stamp) return { kind: 'same' };
    try {
      return await this.#read();
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#isRefused = true;
      return { kind: 'refused', why: `${error.message}: ${error.why}` };
    }
  }

  async #read(): Promise<Looked> {
    // Before it is read: what changes meanwhile is read again.
    this.#stamp = await this.#source.stamp();
    this.#policies = await this.#source.read();
    this.#isRefused = false;
    const file: PolicyFile = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'Policies',
      policies: [...this.#policies],
    };
    try {
      await writeDurably(this.#copy, `${JSON.stringify(file, null, 2)}\n`);
    } catch (error) {
      // It serves a restart with a bad file; on a full disk the daemon goes on without.
      if (!isFailure(error)) throw error;
    }
    return { kind: 'new' };
  }

  /** Undefined where there is none that can be used. */
  async #kept(): Promise<readonly Policy[] | undefined> {
    try {
      return PolicyFile.parse(JSON.parse(await readFile(this.#copy, 'utf8'))).policies;
    } catch {
      return undefined;
    }
  }
}
