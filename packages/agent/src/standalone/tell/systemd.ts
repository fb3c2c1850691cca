import { execFile } from 'node:child_process';
import type { Clock } from '@holdfast/base';
import type { Observed } from '../observer.ts';

/** What systemd has told the process by its environment. */
export interface SystemdAsks {
  /** `NOTIFY_SOCKET`; undefined: it is not run by systemd, or need not notify it. */
  readonly socket: string | undefined;
  /** Milliseconds of `WATCHDOG_USEC` after which a silent process is killed; undefined: never. */
  readonly watchdogMs: number | undefined;
}

/** Reads them. `WATCHDOG_PID` is not heeded: started by a script, the daemon is fed for all the same. */
export function systemdAsks(env: Readonly<Record<string, string | undefined>>): SystemdAsks {
  const socket = env['NOTIFY_SOCKET'];
  const watchdog = Number(env['WATCHDOG_USEC']);
  return {
    socket: socket === '' ? undefined : socket,
    watchdogMs: Number.isFinite(watchdog) && watchdog > 0 ? watchdog / 1000 : undefined,
  };
}

/**
 * Tells systemd how it goes: that the daemon is ready, that its loop turns, in a line what it does, and that it ends. Node
 * has no datagram sockets of Unix, so systemd's own program does it; the unit needs `NotifyAccess=all`, since what a child
 * says is not taken as the word of the main process.
 */
export class Systemd {
  readonly #asks: SystemdAsks;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  readonly #notify: typeof systemdNotify;
  /** What is still to be told. */
  #newest: Observed | undefined;
  #ready = false;
  #status = '';
  #fedAt = Number.NEGATIVE_INFINITY;
  #complained = false;
  #work: Promise<void> = Promise.resolve();

  /** @param notify says words to the socket; by default systemd's program */
  constructor(asks: SystemdAsks, clock: Clock, log: (line: string) => void, notify = systemdNotify) {
    this.#asks = asks;
    this.#clock = clock;
    this.#log = log;
    this.#notify = notify;
  }

  /** The loop has turned. The dog is fed four times in its span at most: with the loop's 30 seconds at least every 30. */
  async turned(observed: Observed): Promise<void> {
    if (this.#asks.socket === undefined) return;
    this.#newest = observed;
    await this.#inTurn(() => this.#turned());
  }

  /** What systemd has not taken is said again at the next turn: without its READY=1 it would end the daemon. */
  async #turned(): Promise<void> {
    const { watchdogMs } = this.#asks;
    const observed = this.#newest;
    if (observed === undefined) return;
    this.#newest = undefined;
    const words: string[] = [];
    if (!this.#ready) words.push('READY=1');
    const status = statusOf(observed);
    if (status !== this.#status) words.push(`STATUS=${status}`);
    const now = this.#clock.monotonic();
    const isHungry = watchdogMs !== undefined && now - this.#fedAt >= watchdogMs / 4;
    if (isHungry) words.push('WATCHDOG=1');
    if (words.length === 0 || !(await this.#tell(words))) return;
    this.#ready = true;
    this.#status = status;
    if (isHungry) this.#fedAt = now;
  }

  /** The daemon ends. */
  async stopping(): Promise<void> {
    if (this.#asks.socket === undefined) return;
    await this.#inTurn(async () => {
      await this.#tell(['STOPPING=1', 'STATUS=ending']);
    });
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(act);
    return this.#work;
  }

  /** Whether systemd has taken it. */
  async #tell(words: readonly string[]): Promise<boolean> {
    const complaint = await this.#notify(this.#asks.socket ?? '', words);
    if (complaint !== undefined && !this.#complained) {
      this.#complained = true;
      this.#log(`systemd cannot be told how it goes: ${complaint}`);
    }
    return complaint === undefined;
  }
}

/**
 * Says what failed; undefined: nothing. It waits until systemd has taken it, or else for two seconds. The program gets none
 * of the variables of this process, which may hold secrets.
 */
async function systemdNotify(socket: string, words: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      'systemd-notify',
      words,
      { timeout: 2_000, env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' } },
      (error, _, stderr) => {
        resolve(
          error === null ? undefined : `systemd-notify: ${stderr.trim().split('\n')[0] || error.message}`,
        );
      },
    );
  });
}

function statusOf({ state, policies, running }: Observed): string {
  const refused = state.configuration.refused === null ? '' : '; the policy file is refused';
  const queue =
    state.queue.length === 0 ? '' : `; ${plural(state.queue.length, 'copy waits', 'copies wait')}`;
  const doing =
    running.length === 0
      ? plural(policies.length, 'policy', 'policies')
      : running.map(({ job, policy }) => `${job} of ${policy}`).join(', ');
  return `${doing}${queue}${refused}`;
}

function plural(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}
