import { Readable } from 'node:stream';
import type { Clock } from '@holdfast/base';
import type { Io } from '../io.ts';
import { run } from '../run.ts';

/** A clock that stands still, so that output can be compared. */
export const stillClock: Clock = {
  now: () => new Date('2026-11-20T09:14:07Z'),
  monotonic: () => 0,
  sleep: async () => {},
};

/** What one command line did. */
export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process to run commands in, for tests: what is not given is as in an empty container without a terminal. */
export interface TestIo extends Partial<Omit<Io, 'stdout' | 'stderr'>> {
  readonly isTTY?: boolean;
  /** What is typed on the terminal. */
  readonly typed?: string;
}

/** Runs a command line in this process. */
export async function holdfast(args: readonly string[], given: TestIo = {}): Promise<Ran> {
  const [stdout, stderr]: string[][] = [[], []];
  const isTTY = given.isTTY === true;
  const io: Io = {
    stdin: Object.assign(Readable.from([`${given.typed ?? ''}\n`]), { isTTY }),
    stdout: { write: (text) => stdout!.push(text), columns: 100 },
    stderr: { write: (text) => stderr!.push(text), columns: 100, isTTY },
    cwd: '/',
    home: '/nobody',
    etc: '/nobody/etc',
    clock: stillClock,
    signal: new AbortController().signal,
    ...given,
    env: { TERM: 'dumb', ...given.env },
  };
  const exit = await run(args, io);
  return { exit, stdout: stdout!.join(''), stderr: stderr!.join('') };
}
