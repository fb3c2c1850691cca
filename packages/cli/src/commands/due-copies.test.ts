import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, limits } from '@holdfast/base';
import { CopyQueue } from '@holdfast/engine';
import { LocalStorage } from '@holdfast/repository';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openSession, type Session } from '../session.ts';
import { stillClock } from '../testing/io.ts';
import { makeDueCopies } from './due-copies.ts';

let folder: string;
let told: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-due-'));
  told = [];
  const queue = new CopyQueue(join(folder, 'state'), { clock: stillClock, random: () => 0 });
  const [save, id] = ['0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001', '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a002'];
  const to = join(folder, 'to');
  const held = await queue.add({
    ...{ save, cluster: 'prod', snapshot: 'one', to, toId: null, toAt: to, required: true, drop: [] },
    from: [{ repository: join(folder, 'from'), id, cluster: id, snapshot: 'one' }],
  });
  await held.release();
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const out = (text: string): void => void told.push(text);

/** A session in which what is waited for takes as long as `sleep` says. */
async function session(sleep: (ms: number) => Promise<void>, signal?: AbortSignal): Promise<Session> {
  return await openSession(
    { stateDir: join(folder, 'state') },
    {
      get stdin(): never {
        throw new Error('nobody is asked');
      },
      stdout: { write: out },
      stderr: { write: out },
      env: { TERM: 'dumb' },
      cwd: folder,
      home: folder,
      etc: folder,
      clock: { ...stillClock, sleep },
      signal: signal ?? new AbortController().signal,
    },
  );
}

const never = new Promise<never>(() => {});

test('what fails is told, and waits on', async () => {
  await makeDueCopies(await session(() => never));
  expect(told).toMatchObject([/^warning: one waits still to be copied to .*: nothing is there\n$/]);
});

test('a repository that hangs is given up after a short time', async () => {
  vi.spyOn(LocalStorage.prototype, 'get').mockReturnValue(never);
  const times: number[] = [];
  const sleep = async (ms: number): Promise<void> => void times.push(ms);
  await makeDueCopies(await session(sleep));
  expect(times).toEqual([limits.queueAfterSaveMs]);
  expect(told).toEqual(['warning: copies of earlier saves wait still: they took longer than 30s\n']);
});

test('interrupted, it ends at once and what was answered before counts', async () => {
  vi.spyOn(LocalStorage.prototype, 'get').mockReturnValue(never);
  const stop = new AbortController();
  const open = await session(() => never, stop.signal);
  const failure = new Failure('partly-stored', 'far: no answer', { name: 'one', stored: 1, wanted: 2 });
  const answer = {
    json: {},
    names: ['one'],
    text: () => 'saved one\n',
    afterwards: async () => {
      expect(told).toEqual(['saved one\n']);
      const making = makeDueCopies(open);
      stop.abort(new Failure('interrupted', 'SIGINT was received'));
      await making;
    },
    failure,
  };
  await expect(open.print(answer)).rejects.toBe(failure);
  expect(told.slice(1)).toEqual(['warning: copies of earlier saves wait still: SIGINT was received\n']);
  expect(open.isAnswered()).toBe(true);
});
