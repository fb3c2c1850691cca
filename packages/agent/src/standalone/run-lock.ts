import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure, type Clock } from '@holdfast/base';
import { holdFolder } from '@holdfast/engine';
import { daemonFolder } from './state-file.ts';

type Release = () => Promise<void>;

/** Milliseconds after which it is looked again whether the folder is free. */
const lookAgainMs = 1000;

/** What makes this process the one daemon of a state folder, until it is let go or the process ends. */
export class DaemonHold {
  readonly #stateDir: string;
  #release: Release | undefined;

  /** @param stateDir as `--state-dir` names it */
  constructor(stateDir: string) {
    this.#stateDir = stateDir;
  }

  /**
   * Takes it, unless that was done. Somebody who only enters a run there is waited for. Where a full disk takes no lock it
   * is gone on without, and is to be asked for again: what is saved elsewhere is worth more.
   *
   * @returns why it was not taken, as nobody else has it either; undefined when it is
   * @throws Failure agent-running, file-unwritable; the signal's reason
   */
  async take(clock: Clock, signal: AbortSignal): Promise<string | undefined> {
    if (this.#release !== undefined) return undefined;
    const folder = daemonFolder(this.#stateDir);
    try {
      for (let attempt = 1; ; attempt++) {
        const held = await holdFolder(await made(folder));
        if (typeof held === 'function') {
          this.#release = held;
          return undefined;
        }
        if (attempt === 3) throw new Failure('agent-running', held.by, { path: folder });
        await clock.sleep(lookAgainMs, signal);
      }
    } catch (error) {
      if (!isFailure(error, 'disk-full')) throw error;
      return `${error.message}: ${error.why}`;
    }
  }

  async release(): Promise<void> {
    await this.#release?.();
  }
}

/** The same for a moment, where no daemon has it; undefined where one has. @throws Failure file-unwritable, disk-full */
export async function holdIfFree(stateDir: string): Promise<Release | undefined> {
  const held = await holdFolder(await made(daemonFolder(stateDir)));
  return typeof held === 'function' ? held : undefined;
}

/**
 * Waits until no other process saves for a policy of this state folder, and keeps them from it until the returned function
 * is called: an etcd is asked for one snapshot at a time.
 *
 * @param onWait told once who is waited for
 * @throws Failure file-unwritable, disk-full; the signal's reason
 */
export async function holdRuns(
  stateDir: string,
  clock: Clock,
  { signal, onWait }: { readonly signal: AbortSignal; readonly onWait: (by: string) => void },
): Promise<Release> {
  const folder = await made(join(daemonFolder(stateDir), 'runs'));
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const held = await holdFolder(folder);
    if (typeof held === 'function') return held;
    if (isFirst) onWait(held.by);
    await clock.sleep(lookAgainMs, signal);
  }
}

async function made(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (cause) {
    if (isFailure(cause)) throw cause;
    throw new Failure('file-unwritable', (cause as Error).message, { path: folder }, { cause });
  }
}
