import { Readable } from 'node:stream';
import { systemClock } from '@holdfast/base';
import type { Io } from '../io.ts';

const silent = { write: () => true };

/** Streams for a program that is only looked at, never run. */
export const quietIo: Io = {
  stdin: Readable.from([]),
  stdout: silent,
  stderr: silent,
  env: {},
  cwd: '/',
  home: '/',
  etc: '/etc',
  clock: systemClock,
  signal: new AbortController().signal,
};
