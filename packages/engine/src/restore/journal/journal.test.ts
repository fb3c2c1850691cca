import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { JournalRecord } from '@holdfast/model';
import { thisProcess } from '@holdfast/repository';
import { afterAll, expect, test } from 'vitest';
import { Journal, readJournal } from './journal.ts';
import { isHeld } from '../../process-lock.ts';
import { holdRestore } from './lock.ts';
import { recordLine } from './record-line.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const id = 'r-20261121t120000z-abcdef';
const folder = (): string => mkdtempSync(join(base, 'x-'));

async function written(path: string): Promise<JournalRecord[]> {
  const journal = await Journal.open(path, id, systemClock);
  await journal.append('opened', { evidence: { plan: 'ä\n"' } });
  await journal.append('begin', { step: 1 });
  await journal.append('done', { step: 1, evidence: { wasRunning: true } });
  await journal.close();
  return journal.records;
}

test('a journal cut at every byte gives the records before the cut, and goes on from there', async () => {
  const path = join(folder(), 'journal.log');
  const records = await written(path);
  const bytes = readFileSync(path);
  const ends = records.map((_, i) => Buffer.concat(records.slice(0, i + 1).map(recordLine)).length);
  expect(ends.at(-1)).toBe(bytes.length);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    writeFileSync(path, bytes.subarray(0, cut));
    const whole = records.slice(0, ends.filter((end) => end <= cut).length);
    expect(await readJournal(path, id)).toEqual(whole);
    const journal = await Journal.open(path, id, systemClock);
    await journal.append('finished');
    await journal.close();
    const again = await readJournal(path, id);
    expect(again.slice(0, -1)).toEqual(whole);
    expect(again.at(-1)).toMatchObject({ n: whole.length, event: 'finished' });
  }
});

test('a tail without a newline counts as never written; reading leaves it', async () => {
  const path = join(folder(), 'journal.log');
  const records = await written(path);
  appendFileSync(path, Buffer.alloc(300));
  const { size } = statSync(path);
  expect(await readJournal(path, id)).toEqual(records);
  expect(statSync(path).size).toBe(size);
  await (await Journal.open(path, id, systemClock)).close();
  expect(statSync(path).size).toBe(size - 300);
});

test('any other byte that is changed is told, and the journal stays as it is', async () => {
  const path = join(folder(), 'journal.log');
  await written(path);
  const bytes = readFileSync(path);
  // Without its newline the last line counts as never finished.
  for (let at = 0; at < bytes.length - 1; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    writeFileSync(path, changed);
    await expect(Journal.open(path, id, systemClock), String(at)).rejects.toMatchObject({
      code: 'journal-damaged',
      details: { path, id },
    });
    expect(readFileSync(path)).toEqual(changed);
  }
});

test('a line that is missing in between is told', async () => {
  const path = join(folder(), 'journal.log');
  const [first, , third] = await written(path);
  writeFileSync(path, Buffer.concat([recordLine(first!), recordLine(third!)]));
  await expect(readJournal(path, id)).rejects.toMatchObject({ code: 'journal-damaged' });
});

test('records of acts at the same time follow each other without holes', async () => {
  const path = join(folder(), 'journal.log');
  const journal = await Journal.open(path, id, systemClock);
  await Promise.all(Array.from({ length: 20 }, (_, i) => journal.append('begin', { step: i + 1 })));
  await journal.close();
  expect((await readJournal(path, id)).map(({ n, step }) => [n, step])).toEqual(
    Array.from({ length: 20 }, (_, i) => [i, i + 1]),
  );
});

test('after an append has failed none is made any more, and nobody else is given its number', async () => {
  const path = join(folder(), 'journal.log');
  let calls = 0;
  const clock = {
    ...systemClock,
    now: (): Date => {
      calls += 1;
      if (calls === 2) throw new Error('no time');
      return new Date();
    },
  };
  const journal = await Journal.open(path, id, clock);
  await journal.append('opened');
  await expect(journal.append('taken')).rejects.toThrow('no time');
  await expect(journal.append('finished')).rejects.toThrow('no time');
  await journal.close();
  expect((await readJournal(path, id)).map(({ event }) => event)).toEqual(['opened']);
});

test('one process holds a restore; the lock of one that has ended is taken over by one only', async () => {
  const path = folder();
  expect(await isHeld(path)).toBe(false);
  const letGo = await holdRestore(path, id);
  expect(await isHeld(path)).toBe(true);
  await expect(holdRestore(path, id)).rejects.toMatchObject({ code: 'restore-running', details: { id } });
  await letGo();
  expect(readdirSync(path)).toEqual([]);

  writeFileSync(join(path, 'lock-7.json'), JSON.stringify({ ...thisProcess(), started: '0' }));
  expect(await isHeld(path)).toBe(false);
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => holdRestore(path, id)));
  const won = all.filter((each) => each.status === 'fulfilled');
  expect(won.length).toBeLessThanOrEqual(1);
  for (const each of won) await each.value();
});

test('a lock of before this machine was started again is nobody’s; one of another machine is somebody’s', async () => {
  const path = folder();
  const me = thisProcess();
  writeFileSync(join(path, 'lock-1.json'), JSON.stringify({ ...me, machine: 'earlier-boot/pid:[1]' }));
  expect(await isHeld(path)).toBe(false);
  await (
    await holdRestore(path, id)
  )();
  const other = { ...me, machine: 'other-boot/pid:[1]', host: 'elsewhere' };
  writeFileSync(join(path, 'lock-1.json'), JSON.stringify(other));
  await expect(holdRestore(path, id)).rejects.toMatchObject({
    code: 'restore-running',
    why: expect.stringContaining('elsewhere') as string,
  });
});
