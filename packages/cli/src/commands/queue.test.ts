import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';
import { CopyQueue } from '@holdfast/engine';
import { openRepository, type Repository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holdfast, stillClock, type Ran } from '../testing/io.ts';

let folder: string;
let here: Repository;
let queue: CopyQueue;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-queue-'));
  here = await openRepository(join(folder, 'here'), { create: true, clock: stillClock });
  await openRepository(join(folder, 'there'), { create: true, clock: stillClock });
  await storeSnapshot(here, await here.addCluster('prod'), 'one', Buffer.alloc(2000, 1));
  queue = new CopyQueue(join(folder, 'state'), { clock: stillClock, random: () => 0 });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function cli(...args: string[]): Promise<Ran> {
  const ran = await holdfast([...args], { env: { HOLDFAST_STATE_DIR: join(folder, 'state') } });
  const plain = (text: string): string => text.replaceAll(folder, 'FOLDER');
  return { exit: ran.exit, stdout: plain(ran.stdout), stderr: plain(ran.stderr) };
}

async function add(to: string): Promise<string> {
  const { cluster } = await here.snapshot('one');
  const held = await queue.add({
    cluster: 'prod',
    snapshot: 'one',
    save: '0b9c1f8e-2f53-4b35-9a3f-cc6ad3a6a001',
    from: [{ repository: join(folder, 'here'), id: here.record.id, cluster: cluster.id, snapshot: 'one' }],
    to: join(folder, to),
    toId: null,
    toAt: join(folder, to),
    required: true,
    drop: [],
  });
  await held.release();
  return held.item.id;
}

test('an empty queue is said in words', async () => {
  expect(await cli('queue', 'list')).toEqual({ exit: 0, stdout: 'No copy waits.\n', stderr: '' });
  expect(await cli('queue', 'run')).toEqual({ exit: 0, stdout: 'No copy was due.\n', stderr: '' });
});

test('what waits is listed, and made when it is due', async () => {
  await add('there');
  expect((await cli('queue', 'list', '--utc')).stdout).toMatch(
    /^SNAPSHOT +CLUSTER +TO +SINCE +ATTEMPTS +NEXT +WHY\none +prod +FOLDER\/there +0s ago +0 +due +-\n$/,
  );
  expect(await cli('queue', 'run')).toEqual({
    exit: 0,
    stdout: 'one to FOLDER/there: copied\n',
    stderr: 'copy\n',
  });
  expect((await cli('snapshot', 'list', '-q', '--repo', join(folder, 'there'))).stdout).toBe('one\n');
  const both = ['--repo', join(folder, 'here'), '--repo', join(folder, 'there')];
  expect((await cli('status', ...both)).stdout).toContain('2 of 2');
});

test('what fails is told with its reason, waits on, and is no success', async () => {
  await add('nowhere');
  const { exit, stdout, stderr } = await cli('queue', 'run');
  expect(exit).toBe(3);
  expect(stdout).toContain('one to FOLDER/nowhere: failed: nothing is there; next at ');
  expect(stdout).toContain('1 still waiting.');
  expect(stderr).toContain('1 copies still wait in the queue');
  const [item] = JSON.parse((await cli('queue', 'list', '--json')).stdout).items;
  expect(item).toMatchObject({ attempts: 1, failure: { code: 'repository-missing' } });
});

test('a record that cannot be read is no success, wherever the queue is looked at', async () => {
  await storeSnapshot(here, await here.addCluster('prod'), 'proven', Buffer.alloc(2000, 1));
  mkdirSync(join(folder, 'state', 'queue'), { recursive: true });
  writeFileSync(join(folder, 'state', 'queue', 'torn.json'), '{');
  for (const verb of ['run', 'list']) {
    const { exit, stderr } = await cli('queue', verb);
    expect([verb, exit]).toEqual([verb, 3]);
    expect(stderr).toContain('the record FOLDER/state/queue/torn.json of a copy that waits cannot be read');
    expect(stderr).toContain('holdfast queue drop torn');
  }
  const { exit, stdout } = await cli('status', '--repo', join(folder, 'here'));
  expect(exit).toBe(3);
  expect(stdout).toContain('a copy may wait in the queue: FOLDER/state/queue/torn.json');
  expect((await cli('queue', 'drop', 'torn', '--yes')).exit).toBe(0);
  expect((await cli('queue', 'run')).exit).toBe(0);
});

test('a copy that failed is tried again at once when somebody says so', async () => {
  const id = await add('later');
  const other = await add('nowhere');
  await cli('queue', 'run');
  expect((await cli('queue', 'run')).stdout).toContain('No copy was due.');
  await openRepository(join(folder, 'later'), { create: true, clock: stillClock });
  expect(await cli('queue', 'run', id)).toMatchObject({
    exit: 0,
    stdout: 'one to FOLDER/later: copied\n',
  });
  expect((await cli('queue', 'run', '--now')).stdout).toContain('one to FOLDER/nowhere: failed');
  expect(JSON.parse((await cli('queue', 'list', '--json')).stdout).items).toMatchObject([
    { id: other, attempts: 2, toAt: 'FOLDER/nowhere' },
  ]);
  expect((await cli('queue', 'run', id)).exit).toBe(1);
});

test('a copy is given up by its id, after a question', async () => {
  const ids = [await add('a'), await add('b'), await add('c')];
  expect((await cli('queue', 'list', '-o', 'wide')).stdout).toContain(ids[0]);
  expect((await cli('queue', 'drop', ids[0]!)).exit).toBe(20);
  const typed = { env: { HOLDFAST_STATE_DIR: join(folder, 'state') }, isTTY: true, typed: 'drop' };
  const { exit, stderr } = await holdfast(['queue', 'drop', ids[0]!], typed);
  expect([exit, stderr]).toEqual([
    0,
    `These copies will not be made:\n  one of prod to ${join(folder, 'a')}\nType drop to go on: `,
  ]);
  expect(await cli('queue', 'drop', ids[1]!, ids[2]!, '--yes')).toMatchObject({
    exit: 0,
    stdout: `Gave up ${ids[1]}\nGave up ${ids[2]}\n`,
  });
  expect((await queue.list()).items).toEqual([]);
  expect((await cli('queue', 'drop', ids[0]!, '--yes')).stderr).toContain(`no copy ${ids[0]} waits`);
});

test('status names what is missing, what waits, and what to do about it', async () => {
  const both = ['--repo', join(folder, 'here'), '--repo', join(folder, 'there')];
  const { exit, stdout } = await cli('status', ...both);
  expect(exit).toBe(3);
  expect(stdout).toContain('1 of 2');
  expect(stdout).toContain('stored in 1 of 2 repositories');
  const held = await add('there');
  await (await queue.hold(held))!.failed(new Failure('s3-busy', 'SlowDown'));
  expect((await cli('status', ...both)).stdout).toContain('a copy waits in the queue');
});

test('a snapshot is copied by name, once', async () => {
  await openRepository(join(folder, 'new'), { create: true, clock: stillClock });
  const where = ['--repo', join(folder, 'here'), '--to', join(folder, 'new')];
  const first = await cli('snapshot', 'copy', 'latest', ...where);
  expect([first.exit, first.stderr]).toEqual([0, 'copy\n']);
  expect(first.stdout).toContain('copied one of cluster prod');
  expect(first.stdout).toContain('the stored bytes as they are');
  const second = await cli('snapshot', 'copy', 'one', ...where, '--json');
  expect(JSON.parse(second.stdout)).toMatchObject({
    kind: 'CopiedSnapshot',
    outcome: 'there',
    state: 'stored',
  });
  expect((await cli('snapshot', 'copy', 'one', '--repo', join(folder, 'here'))).exit).toBe(2);
});

test('a copy makes no repository of its own', async () => {
  const where = ['--repo', join(folder, 'here'), '--to', join(folder, 'typo'), '--json'];
  const { exit, stderr } = await cli('snapshot', 'copy', 'latest', ...where);
  expect([exit, JSON.parse(stderr).code]).toEqual([10, 'repository-missing']);
  expect(existsSync(join(folder, 'typo'))).toBe(false);
  // The snapshot is looked for first: of two faults the one about it is told.
  expect(JSON.parse((await cli('snapshot', 'copy', 'none', ...where)).stderr).code).toBe('snapshot-missing');
});
