import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { connectEtcd } from '@holdfast/etcd/client';
import { LocalStorage, openRepository } from '@holdfast/repository';
import { FaultyStorage, manifestOf } from '@holdfast/repository/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Delivery, type SaveDestination } from './destination.ts';
import { reportOf } from './report.ts';
import { storedAs } from './stored-as.ts';

const content = Buffer.from('content');
const cut = new Failure('s3-unreachable', 'the connection was cut', { endpoint: 'far' });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A repository with its storage in hand. */
async function place(name: string, more: Partial<SaveDestination> = {}) {
  const storage = new FaultyStorage(new LocalStorage(join(folder, name)));
  const repository = await openRepository(storage, { create: true });
  const destination: SaveDestination = { name, repository, required: true, ...more };
  return { storage, repository, destination };
}

/** A save that is committed there. */
async function committed({ repository, destination }: Awaited<ReturnType<typeof place>>): Promise<Delivery> {
  const cluster = await repository.addCluster('prod');
  const writer = await repository.stageSnapshot(cluster.id, 'one', { unique: false });
  await (await writer.begin({ role: 'snapshot', encoding: 'plain' })).write(content);
  const { signal } = new AbortController();
  const delivery = new Delivery(
    { destination, repository, as: storedAs(repository), cluster },
    writer,
    signal,
  );
  delivery.stored = await writer.commit(manifestOf('one', cluster, content));
  return delivery;
}

async function reported(
  all: readonly Awaited<ReturnType<typeof place>>[],
  deliveries: readonly Delivery[],
): ReturnType<typeof reportOf> {
  // Nobody is asked: a report is made of what has ended.
  await using client = connectEtcd({ endpoints: ['http://127.0.0.1:1'], clock: systemClock });
  const destinations = all.map(({ destination }) => destination);
  return await reportOf({ client, destinations }, { deliveries, failures: new Map(), queued: new Set() });
}

test('what was committed is stored, though its repository does not answer any more', async () => {
  const far = await place('far');
  const delivery = await committed(far);
  const seen = await far.repository.snapshot('one');
  far.storage.failNext('list', cut);
  const { snapshot, destinations, warnings } = await reported([far], [delivery]);
  expect(snapshot).toEqual(seen);
  expect(destinations).toMatchObject([{ name: 'far', outcome: 'stored', snapshot: { name: 'one' } }]);
  expect(warnings).toMatchObject([
    /^it is stored in far, which could not be read once more after that: .*cut$/,
  ]);
});

test('the copy on this machine stays while another repository cannot be read once more', async () => {
  const [local, far] = [await place('local', { dropLocal: true }), await place('far')];
  const deliveries = [await committed(local), await committed(far)];
  far.storage.failNext('list', cut);
  const { destinations, warnings } = await reported([local, far], deliveries);
  expect(destinations.map(({ outcome }) => outcome)).toEqual(['stored', 'stored']);
  expect(warnings.at(-1)).toBe('the copy in local stays: far could not be read once more');
  const second = await reported([local, far], deliveries);
  expect(second.destinations.map(({ outcome }) => outcome)).toEqual(['dropped', 'stored']);
  expect((await local.repository.snapshots()).snapshots).toEqual([]);
});

test('a copy that stays says of every required repository that it is not stored there', async () => {
  const local = await place('local', { dropLocal: true });
  const others = [await place('a'), await place('b'), await place('c', { required: false })];
  const { warnings } = await reported([local, ...others], [await committed(local)]);
  expect(warnings).toEqual(['the copy in local stays: it is not stored in a and b yet']);
});
