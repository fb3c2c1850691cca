import { writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { Failure, systemClock } from '@holdfast/base';
import type { Io } from './io.ts';
import { run } from './run.ts';

/**
 * Milliseconds in which a second SIGINT is the same key press: the terminal sends it to the whole process group,
 * and npx, npm and our own launcher pass on theirs as well.
 */
const samePressMs = 250;

/** Runs the command line of this process and sets its exit status. */
export async function main(): Promise<void> {
  process.stdout.on('error', onUnwritable);
  // Where nobody can be told anything (a full disk, a terminal that is gone) the exit status still counts.
  process.stderr.on('error', () => {});
  const stop = new AbortController();
  const hangup: Hangup = { act: undefined };
  listen(stop, hangup);
  const io: Io = {
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    isRoot: process.getuid?.() === 0,
    etc: '/etc',
    clock: systemClock,
    signal: stop.signal,
    onHangup: (act) => {
      hangup.act = act;
    },
  };
  process.exitCode = await run(process.argv.slice(2), io);
}

/**
 * `holdfast … | head` closes the pipe early: what is under way is still finished. Any other answer that cannot be
 * written must not look like one that was.
 */
function onUnwritable(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.exitCode = 1;
  try {
    writeSync(process.stderr.fd, `error: the answer cannot be written\n  why:  ${error.message}\n`);
  } finally {
    process.exit();
  }
}

/**
 * Ends by the signal itself, since Node's own exit waits for every call on files, and one on a disk that hangs may never
 * return. As first process of a container no signal ends it by default; there Node's exit is all there is.
 */
function endAtOnce(signal: NodeJS.Signals, exit: number): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  process.exit(exit);
}

/** What SIGHUP does instead of ending the command. */
interface Hangup {
  act: (() => void) | undefined;
}

/** The first signal asks the command to clean up and stop, a second one stops at once. */
function listen(stop: AbortController, hangup: Hangup): void {
  let first: number | undefined;
  const onSignal = (code: 'interrupted' | 'terminated', signal: NodeJS.Signals, exit: number): void => {
    const now = systemClock.monotonic();
    if (first === undefined) {
      first = now;
      stop.abort(new Failure(code, `${signal} was received`));
    } else if (now - first > samePressMs) {
      endAtOnce(signal, exit);
    }
  };
  process.on('SIGINT', () => onSignal('interrupted', 'SIGINT', 130));
  process.on('SIGTERM', () => onSignal('terminated', 'SIGTERM', 143));
  process.on('SIGHUP', () => {
    if (hangup.act !== undefined) return hangup.act();
    // The terminal is gone: what was begun is cleared away as well.
    onSignal('terminated', 'SIGHUP', 143);
  });
}
