import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileSource, openImage, readBuckets, readEntries } from '../bolt/index.ts';
import { formatRevision, readSmallBucket } from '../mvcc/index.ts';
import { readPosition, verifySnapshotFile } from '../snapshot/index.ts';
import { ImageInMemory, pairOf, recordOf, withTrailer } from '../testing/image-in-memory.ts';
import { buildDataDir, type BuildOptions, type BuiltDataDir } from './index.ts';

let root: string;
let file: string;
let dataDir: string;
let db: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-datadir-'));
  file = join(root, 'snapshot.db');
  dataDir = join(root, 'data');
  db = join(dataDir, 'member/snap/db');
});
afterEach(() => rmSync(root, { recursive: true }));

interface Content {
  readonly records?: number;
  readonly size?: number;
  readonly pageSize?: number;
  readonly meta?: Record<string, Uint8Array>;
  readonly alarms?: readonly string[];
  readonly users?: number;
  readonly downgrade?: string;
}

const count = (n: number): Buffer => Buffer.from(n.toString(16).padStart(16, '0'), 'hex');

async function image({
  records = 100,
  size = 200,
  pageSize = 4096,
  meta = {},
  alarms = [],
  users = 0,
  downgrade,
}: Content): Promise<Buffer> {
  const made = new ImageInMemory(pageSize);
  if (downgrade !== undefined)
    await made.fill('cluster', [pairOf('clusterVersion', '3.5.0'), pairOf('downgrade', downgrade)]);
  await made.fill(
    'key',
    Array.from({ length: records }, (_, i) => recordOf(i + 2, size)),
  );
  const pairs = { consistent_index: count(77), ...meta };
  await made.fill(
    'meta',
    Object.entries(pairs)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => pairOf(key, value)),
  );
  await made.fill('members', [pairOf('1f', '{"id":31,"peerURLs":["http://old:1"],"name":"old"}')]);
  await made.fill('members_removed', [pairOf('2f', 'removed')]);
  await made.fill(
    'alarm',
    alarms.map((alarm) => pairOf(alarm, '')),
  );
  await made.fill(
    'authUsers',
    Array.from({ length: users }, (_, i) => pairOf(`user${1000 + i}`, 'x'.repeat(50))),
  );
  return made.finish();
}

async function build(content: Content = {}, options: Partial<BuildOptions> = {}): Promise<BuiltDataDir> {
  if (options.source === undefined) writeFileSync(file, withTrailer(await image(content)));
  return buildDataDir({
    source: { file },
    dataDir,
    name: 'm1',
    members: [
      { name: 'm1', peerUrls: ['http://127.0.0.1:2380'] },
      { name: 'm2', peerUrls: ['http://127.0.0.1:2381'] },
    ],
    token: 'tok',
    bump: { by: 1_000, markCompacted: true },
    signal: new AbortController().signal,
    ...options,
  });
}

async function pairsOf(bucket: string): Promise<Map<string, Uint8Array>> {
  const source = openFileSource(db);
  const opened = await openImage(source);
  const pairs = await readSmallBucket(opened, (await readBuckets(opened)).get(bucket)!);
  source.close();
  return pairs;
}

async function recordKeys(): Promise<string[]> {
  const source = openFileSource(db);
  const opened = await openImage(source);
  const keys: string[] = [];
  for await (const { key } of readEntries(opened, (await readBuckets(opened)).get('key')!)) {
    keys.push(Buffer.from(key).toString('hex'));
  }
  source.close();
  return keys;
}

async function expectWhole(): Promise<void> {
  const { checks } = await verifySnapshotFile(db, { trailer: 'optional' });
  expect(checks.filter(({ check, outcome }) => check === 'tree' && outcome !== 'passed')).toEqual([]);
}

function expectNothing(): void {
  expect(readdirSync(root)).toEqual(['snapshot.db']);
}

test.each([
  ['no record', { records: 0 }],
  ['an inline bucket', { records: 2 }],
  ['a single leaf', { records: 12 }],
  ['a full single leaf', { records: 15 }],
  ['two levels', { records: 500 }],
  ['three levels', { records: 4_000, pageSize: 1024 }],
  ['values larger than a page', { records: 20, size: 9_000 }],
  ['pages of 16 KiB', { records: 500, pageSize: 16_384 }],
  ['pages of 64 KiB', { records: 2_000, pageSize: 65_536 }],
  [
    'a root that is more than a leaf',
    { users: 10, alarms: ['x'.repeat(900)], meta: { a: Buffer.alloc(850) }, pageSize: 1024 },
  ],
])('the bump is the last record of a db with %s, and all else is as it was', async (_, content: Content) => {
  const { revision } = await build(content);
  const records = content.records ?? 100;
  const last = records === 0 ? 0 : records + 1;
  expect(revision).toEqual({ snapshot: Math.max(1, last), restored: last + 1_000 });
  const keys = await recordKeys();
  expect(keys).toHaveLength(records + 1);
  expect(keys.at(-1)).toBe(hexOfRevision(last + 1_000));
  const source = openFileSource(db);
  expect(await readPosition(source)).toMatchObject({ revision: last + 1_000, compactRevision: last + 1_000 });
  source.close();
  await expectWhole();
});

function hexOfRevision(main: number): string {
  return Buffer.from(formatRevision({ main, sub: 0, tombstone: false })).toString('hex');
}

test('the first meta may be broken; both are whole afterwards', async () => {
  for (const pageSize of [4096, 65_536]) {
    const bytes = await image({ pageSize });
    bytes.fill(0, 0, 100);
    writeFileSync(file, withTrailer(bytes));
    await build({}, { source: { file } });
    await expectWhole();
    expect(readFileSync(db).readUInt32LE(16)).toBe(0xed0cdaed);
    rmSync(dataDir, { recursive: true });
  }
});

test('members are those of the new cluster, and the raft position is that of the new log', async () => {
  const { cluster, member, form } = await build({
    meta: { term: count(9), confState: Buffer.from('{"voters":[31]}') },
  });
  expect(form).toBe('3.5');
  expect([...(await pairsOf('members'))].map(([id, value]) => [id, Buffer.from(value).toString()])).toEqual([
    ['321b4ccd5c32edea', '{"id":3610563971166432746,"peerURLs":["http://127.0.0.1:2381"],"name":"m2"}'],
    ['71405583d3e2d5ce', '{"id":8160616549479273934,"peerURLs":["http://127.0.0.1:2380"],"name":"m1"}'],
  ]);
  expect(await pairsOf('members_removed')).toEqual(new Map());
  const meta = await pairsOf('meta');
  expect(meta.get('consistent_index')).toEqual(new Uint8Array(count(2)));
  expect(meta.get('term')).toEqual(new Uint8Array(count(1)));
  expect(Buffer.from(meta.get('confState')!).toString()).toBe(
    '{"voters":[3610563971166432746,8160616549479273934],"auto_leave":false}',
  );
  expect(member.id).toBe(cluster.members[1]!.id);
});

test('a db of 3.4 stays one, and a newer one can be made one, or the reverse', async () => {
  expect((await build()).form).toBe('3.4');
  expect([...(await pairsOf('meta')).keys()]).toEqual(['consistent_index', 'scheduledCompactRev']);
  rmSync(dataDir, { recursive: true });
  await build({}, { form: '3.5', bump: null });
  expect([...(await pairsOf('meta')).keys()]).toEqual(['confState', 'consistent_index', 'term']);
  rmSync(dataDir, { recursive: true });
  await build(
    { meta: { term: count(9), storageVersion: Buffer.from('3.6.0') } },
    { form: '3.4', bump: null },
  );
  expect([...(await pairsOf('meta')).keys()]).toEqual(['consistent_index']);
});

test('the revision is counted from the last compaction where that is newer than the last record', async () => {
  const scheduledCompactRev = formatRevision({ main: 5_000, sub: 0, tombstone: false });
  expect((await build({ meta: { scheduledCompactRev } })).revision).toEqual({
    snapshot: 5_000,
    restored: 6_000,
  });
});

test('without a bump, history is as it was; without the mark, only the revision moves', async () => {
  expect((await build({}, { bump: null })).revision).toEqual({ snapshot: 101, restored: 101 });
  expect(await recordKeys()).toHaveLength(100);
  rmSync(dataDir, { recursive: true });
  await build({}, { bump: { by: 5, markCompacted: false } });
  const source = openFileSource(db);
  expect(await readPosition(source)).toMatchObject({ revision: 106, compactRevision: -1 });
  source.close();
});

test('a bump beyond what can be counted exactly is refused, and leaves nothing', async () => {
  const last = { main: Number.MAX_SAFE_INTEGER - 5, sub: 0, tombstone: false };
  const meta = { scheduledCompactRev: formatRevision(last) };
  await expect(build({ meta })).rejects.toMatchObject({ code: 'usage' });
  expectNothing();
  const { revision } = await build({ meta }, { bump: { by: 5, markCompacted: true } });
  expect(revision.restored).toBe(Number.MAX_SAFE_INTEGER);
});

test('a downgrade that was under way is not gone on with, and told of', async () => {
  const { warnings } = await build({ downgrade: '{"target-version":"3.4.0","enabled":true}' });
  expect(warnings).toEqual([expect.stringContaining('downgrade to 3.4.0')]);
  expect([...(await pairsOf('cluster')).keys()]).toEqual(['clusterVersion']);
  await expectWhole();
  rmSync(dataDir, { recursive: true });
  const over = await build({ downgrade: '{"target-version":"","enabled":false}' });
  expect(over.warnings).toEqual([]);
  expect([...(await pairsOf('cluster')).keys()]).toEqual(['clusterVersion', 'downgrade']);
});

test('an alarm in the data is told of', async () => {
  const { warnings } = await build({ alarms: ['\x08\x1f\x10\x01'] });
  expect(warnings).toEqual([expect.stringContaining('NOSPACE')]);
});

test('files are for their owner alone', async () => {
  await build();
  for (const path of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
    const stats = statSync(join(dataDir, path));
    expect(stats.mode & 0o777).toBe(stats.isDirectory() ? 0o700 : 0o600);
  }
});

test('a changed byte anywhere is refused, and leaves nothing', async () => {
  const whole = withTrailer(await image({}));
  for (let at = 0; at < whole.length; at += 4001) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1;
    writeFileSync(file, bytes);
    await expect(build({}, { source: { file } })).rejects.toMatchObject({ code: 'not-a-snapshot' });
    expectNothing();
  }
});

test.each([
  ['an empty file', async () => Buffer.alloc(0)],
  ['a hash of nothing', async () => withTrailer(Buffer.alloc(0))],
  ['something else with its hash', async () => withTrailer(Buffer.alloc(8192, 'x'))],
  ['a db that ends early', async () => withTrailer((await image({})).subarray(0, 8192))],
  ['a db without etcd in it', async () => withTrailer(await new ImageInMemory(4096).finish())],
  ['a db without a hash', async () => image({})],
])('%s is refused, and leaves nothing', async (_, bytes) => {
  writeFileSync(file, await bytes());
  await expect(build({}, { source: { file } })).rejects.toMatchObject({
    code: 'not-a-snapshot',
    exitCode: 4,
  });
  expectNothing();
});

test('a file that is not the expected one is refused although it is whole', async () => {
  await expect(build({}, { expectedSha256: '0'.repeat(64) })).rejects.toMatchObject({
    code: 'not-a-snapshot',
  });
  expectNothing();
  const expectedSha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  expect((await build({}, { source: { file }, expectedSha256 })).source).toEqual({
    sha256: expectedSha256,
    size: statSync(file).size,
  });
});

test('a db copied off a disk is taken when told to, with what hangs over, unless its tree is damaged', async () => {
  const bytes = await image({});
  writeFileSync(file, Buffer.concat([bytes, Buffer.alloc(1 << 20)]));
  await build({}, { source: { file }, skipHashCheck: true });
  await expectWhole();
  rmSync(dataDir, { recursive: true });
  bytes.writeUInt16LE(0x4000, 2 * 4096 + 10);
  writeFileSync(file, bytes);
  await expect(build({}, { source: { file }, skipHashCheck: true })).rejects.toMatchObject({
    code: 'not-a-snapshot',
  });
  expectNothing();
});

test('the source is only read, and a folder in use is left alone', async () => {
  mkdirSync(dataDir);
  writeFileSync(join(dataDir, 'precious'), '');
  await expect(build()).rejects.toMatchObject({ code: 'data-dir-exists', exitCode: 14 });
  expect(readdirSync(dataDir)).toEqual(['precious']);
  expect(readFileSync(file).equals(withTrailer(await image({})))).toBe(true);
});

test('an abort leaves nothing and is passed on', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const onProgress = (): void => abort.abort(reason);
  await expect(build({}, { signal: abort.signal, onProgress })).rejects.toBe(reason);
  expectNothing();
});

test('a missing source, an unwritable place and a log within the member are told of', async () => {
  await expect(build({}, { source: { file: join(root, 'none') } })).rejects.toMatchObject({
    code: 'file-unreadable',
  });
  await expect(build({}, { dataDir: join(file, 'x') })).rejects.toMatchObject({ exitCode: 14 });
  await expect(build({}, { dataDir: join(root, 'x'.repeat(300)) })).rejects.toMatchObject({
    code: 'file-unwritable',
  });
  await expect(build({}, { walDir: join(dataDir, 'member/snap') })).rejects.toMatchObject({ code: 'usage' });
  await build({}, { walDir: join(dataDir, 'member/wal') });
  await expectWhole();
});
