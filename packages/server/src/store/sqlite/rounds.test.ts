import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';
import { Rounds } from './rounds.ts';

let database: DatabaseSync;
let commits: number;
let rounds: Rounds;
beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec('create table t (x integer)');
  commits = 0;
  const run = (statement: string): void => {
    database.exec(statement);
    if (statement === 'commit') commits += 1;
  };
  rounds = new Rounds({ run, isOpen: () => database.isTransaction, now: () => performance.now() });
});

const add = (x: number) => async () => database.exec(`insert into t (x) values (${x})`);
const stored = () =>
  database
    .prepare('select x from t order by x')
    .all()
    .map(({ x }) => x);

test('those that wait for each other are stored together', async () => {
  await Promise.all([1, 2, 3].map((x) => rounds.take(add(x), x === 2)));
  expect(stored()).toEqual([1, 2, 3]);
  expect(commits).toBe(1);
});

test('one that fails takes nothing of the others with it', async () => {
  const failing = rounds.take(async () => {
    await add(2)();
    throw new Error('no');
  }, false);
  const others = [rounds.take(add(1), false), rounds.take(add(3), false)];
  await expect(failing).rejects.toThrow('no');
  await Promise.all(others);
  expect(stored()).toEqual([1, 3]);
});

test('nobody is told of what is not stored in the end', async () => {
  const told: number[] = [];
  const works = [1, 2].map(async (x) => {
    await rounds.take(add(x), false);
    told.push(x);
  });
  // As a full disk does it.
  const fatal = rounds.take(async () => {
    database.exec('rollback');
    throw new Error('disk full');
  }, false);
  const ends = await Promise.allSettled([...works, fatal]);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(ends.map((end) => String((end as PromiseRejectedResult).reason))).toEqual(
    Array.from({ length: 3 }, () => 'Error: disk full'),
  );
  expect([told, stored()]).toEqual([[], []]);
  await rounds.take(add(4), false);
  expect(stored()).toEqual([4]);
});

test('a lone statement needs no transaction around it, and whoever waits for its end sees it', async () => {
  const adding = rounds.take(add(1), true);
  await rounds.idle();
  expect(stored()).toEqual([1]);
  expect(commits).toBe(0);
  await adding;
});
