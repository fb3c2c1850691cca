import { expect, test } from 'vitest';
import type { Clock } from '@holdfast/base';
import type { Sink } from '../io.ts';
import { progressOn } from './progress.ts';

const MiB = 1024 * 1024;

interface Stage {
  readonly sink: Sink;
  readonly written: string[];
  readonly clock: Clock;
  readonly pass: (ms: number) => void;
}

function stage(isTTY: boolean): Stage {
  const written: string[] = [];
  let ms = 0;
  return {
    written,
    sink: { write: (text) => void written.push(text), isTTY, columns: 80 },
    clock: { now: () => new Date(0), monotonic: () => ms, sleep: async () => {} },
    pass: (more) => {
      ms += more;
    },
  };
}

test('on a terminal one line is redrawn, at most ten times a second, with share, rate and time left', () => {
  const { sink, written, clock, pass } = stage(true);
  const progress = progressOn(sink, clock, false);
  for (let done = 0; done <= 50; done += 1) {
    progress.report({ phase: 'stream', done: done * MiB, total: 100 * MiB });
    pass(20);
  }
  expect(written.length).toBeLessThanOrEqual(11);
  expect(written.at(-1)).toBe('\r\u001b[2Kstream  50%  50.0 MiB of 100 MiB  50.0 MiB/s  1.0s left');
  progress.clear();
  expect(written.at(-1)).toBe('\r\u001b[2K');
});

test('elsewhere a phase has one line, and another every 30 seconds', () => {
  const { sink, written, clock, pass } = stage(false);
  const progress = progressOn(sink, clock, false);
  for (let second = 0; second < 70; second += 1) {
    progress.report({ phase: 'stream', done: second * MiB });
    pass(1000);
  }
  progress.report({ phase: 'verify', done: 0 });
  progress.clear();
  expect(written).toMatchInlineSnapshot(`
    [
      "stream
    ",
      "stream  30.0 MiB  1.00 MiB/s
    ",
      "stream  60.0 MiB  1.00 MiB/s
    ",
      "verify
    ",
    ]
  `);
});

test('quiet shows nothing', () => {
  const { sink, written, clock } = stage(true);
  const progress = progressOn(sink, clock, true);
  progress.report({ phase: 'stream', done: 1 });
  progress.clear();
  expect(written).toEqual([]);
});
