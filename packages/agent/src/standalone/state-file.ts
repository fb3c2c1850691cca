import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import { writeDurably } from '@holdfast/engine';
import { DaemonState } from './state.ts';

/** The folder of the daemon in a state folder. */
export function daemonFolder(stateDir: string): string {
  return join(stateDir, 'agent');
}

/** What a state file said. */
export type StateFound =
  | { readonly kind: 'state'; readonly state: DaemonState }
  | { readonly kind: 'absent' }
  /** It was of no use, and is kept under another name for whoever wants to look. */
  | { readonly kind: 'set-aside'; readonly why: string; readonly keptAs: string };

/** The one file that the daemon remembers everything in: for its user only, and all or nothing. */
export class StateFile {
  readonly path: string;
  readonly #folder: string;
  #last: string | undefined;

  /** @param stateDir as `--state-dir` names it */
  constructor(stateDir: string) {
    this.#folder = daemonFolder(stateDir);
    this.path = join(this.#folder, 'state.json');
  }

  /**
   * Reads it; one that is torn or of another form is set aside.
   *
   * @param now names what is set aside
   * @throws Failure file-unreadable, file-unwritable
   */
  async read(now: Date): Promise<StateFound> {
    let text: string;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      text = await readFile(this.path, 'utf8');
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return { kind: 'absent' };
      const kind = code === 'EISDIR' || code === 'EACCES' ? 'file-unreadable' : 'file-unwritable';
      throw new Failure(kind, message, { path: this.path }, { cause });
    }
    try {
      return { kind: 'state', state: DaemonState.parse(JSON.parse(text)) };
    } catch (error) {
      return await this.#setAside(error, now);
    }
  }

  /** What it says, where it can be used as it is; else it is left for the daemon. */
  async peek(): Promise<DaemonState | undefined> {
    try {
      return DaemonState.parse(JSON.parse(await readFile(this.path, 'utf8')));
    } catch {
      return undefined;
    }
  }

  async #setAside(error: unknown, now: Date): Promise<StateFound> {
    const keptAs = `${this.path}.damaged-${now.toISOString().replaceAll(/[-:.]/g, '')}`;
    try {
      await rename(this.path, keptAs);
    } catch (cause) {
      throw new Failure('file-unwritable', (cause as Error).message, { path: keptAs }, { cause });
    }
    const why =
      error instanceof SyntaxError ? 'it is torn, or no JSON at all' : 'it is not of the form of a state';
    return { kind: 'set-aside', why, keptAs };
  }

  /**
   * Writes it, unless it stands there so already. Only the daemon that holds the folder may.
   *
   * @returns why it could not be written; undefined when it is on disk
   */
  async write(state: DaemonState): Promise<string | undefined> {
    const text = `${JSON.stringify({ ...state, unwritable: null }, null, 2)}\n`;
    if (text === this.#last) return undefined;
    try {
      await writeDurably(this.path, text);
      this.#last = text;
      return undefined;
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#last = undefined;
      return `${error.message}: ${error.why}`;
    }
  }
}
