import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { hasEnded, readHolder, thisProcess } from './holder.ts';

test('this process has not ended, whoever reads of it', () => {
  const holder = thisProcess();
  expect(hasEnded(holder)).toBe(false);
  expect(readHolder(JSON.parse(JSON.stringify({ ...holder, kind: 'Claim' })))).toEqual(holder);
});

test('a process that ended has, and so has one whose number another has got', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(hasEnded({ ...thisProcess(), pid: child.pid! })).toBe(true);
  expect(hasEnded({ ...thisProcess(), started: '1' })).toBe(true);
});

test('a process that is dead and not yet waited for has ended', async () => {
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60']);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const holder = { ...thisProcess(), pid: Number(line.toString()) };
  await expect.poll(() => hasEnded(holder)).toBe(true);
  parent.kill();
});

test('of a process elsewhere nothing is known', () => {
  expect(hasEnded({ ...thisProcess(), machine: 'elsewhere' })).toBeUndefined();
});

test.each([null, 'x', {}, { ...thisProcess(), pid: '1' }, { ...thisProcess(), started: 1 }])(
  '%j is no holder',
  (value) => expect(readHolder(value)).toBeUndefined(),
);
