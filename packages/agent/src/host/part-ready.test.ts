import { expect, test } from 'vitest';
import { readiness, settledMs } from './part-ready.ts';

const old = { pid: 12, startedAt: '100' };
const fresh = { pid: 34, startedAt: '200' };
const up = { up: true, process: fresh, detail: 'kubelet.service is active (running)', upMs: 0, health: 200 };
const answering = { process: old, answered: true };
const silent = { process: old, answered: false };

test.each([
  ['a new process whose kubelet is well', answering, up, true],
  ['one that is up and not well', silent, { ...up, health: 500, upMs: settledMs }, false],
  ['one that does not answer as it did before', answering, { ...up, health: 'refused', upMs: 60_000 }, false],
  [
    'one of which nobody ever answered, for a moment',
    silent,
    { ...up, health: 'refused', upMs: 9_999 },
    false,
  ],
  [
    'one of which nobody ever answered, for a while',
    silent,
    { ...up, health: 'refused', upMs: settledMs },
    true,
  ],
  ['one that has no kubelet to be asked', answering, { ...up, health: undefined, upMs: settledMs }, true],
  ['the process of before', answering, { ...up, process: old }, false],
  [
    'another process under the same number',
    answering,
    { ...up, process: { ...old, startedAt: '300' } },
    true,
  ],
  ['one that is about to be started again', silent, { ...up, up: false, process: null }, false],
  ['one that ran nothing before', { process: null, answered: false }, up, true],
])('%s', (_, before, now, isReady) => {
  expect('evidence' in readiness(before, now)).toBe(isReady);
});
