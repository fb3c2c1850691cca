import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemberSight } from '@holdfast/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sample } from '../snapshot/test-sample.ts';
import { withTrailer } from '../testing/image-in-memory.ts';
import { chained, entry, metadata, snapshot, state, walFileName, writeWal } from '../wal/test-wal.ts';
import { buildDataDir, surveyMemberDir } from './index.ts';

let folder: string;
let memberDir: string;
let db: string;
let walDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-survey-'));
  memberDir = join(folder, 'member');
  db = join(memberDir, 'snap/db');
  walDir = join(memberDir, 'wal');
});
afterEach(() => rmSync(folder, { recursive: true }));

const { bytes, history } = sample({ trailer: false });
const entries = Array.from({ length: 12 }, (_, i) => entry(i + 1, 2));
const [log] = chained([[metadata, snapshot(0, 0), ...entries, state(3, 11)]]);
const [memberId, clusterId] = ['8e9e05c52164694d', 'cdf818194e3a8c32'];

function write(at = walDir): void {
  mkdirSync(join(memberDir, 'snap'), { recursive: true });
  writeFileSync(db, bytes);
  writeWal(at, [Buffer.concat([log!, Buffer.alloc(4096)])]);
}

test('a member tells where it stands', async () => {
  write();
  utimesSync(db, 1000, 1_000_000_000);
  utimesSync(join(walDir, walFileName(0)), 1000, 1_000_000_007);
  const seen = await surveyMemberDir({ memberDir });
  expect(seen).toEqual({
    data: 'readable',
    dataFault: '',
    revision: history.revision,
    appliedIndex: 9,
    committedIndex: 11,
    lastIndex: 12,
    term: 2,
    size: bytes.length,
    writtenAt: '2001-09-09T01:46:47.000Z',
    clusterId,
    memberId,
    listed: [{ id: memberId, name: '', peerUrls: [], isLearner: false }],
  });
  expect(MemberSight.parse({ ...seen, running: null, answers: false, inQuorum: false })).toMatchObject(seen);
});

test('its log may lie elsewhere', async () => {
  const elsewhere = join(folder, 'log');
  write(elsewhere);
  expect(await surveyMemberDir({ memberDir, walDir: elsewhere })).toMatchObject({
    data: 'readable',
    memberId,
  });
  expect(await surveyMemberDir({ memberDir })).toMatchObject({
    data: 'damaged',
    dataFault: 'there is no write-ahead log',
  });
});

test('what is applied was committed', async () => {
  write();
  writeWal(walDir, chained([[metadata, snapshot(0, 0), ...entries, state(2, 8)]]));
  expect(await surveyMemberDir({ memberDir })).toMatchObject({
    appliedIndex: 9,
    committedIndex: 9,
    lastIndex: 12,
  });
});

test('nothing, an empty folder, and a file in its place are absent', async () => {
  const absent = {
    data: 'absent',
    dataFault: '',
    revision: null,
    size: null,
    writtenAt: null,
    memberId: null,
  };
  expect(await surveyMemberDir({ memberDir })).toMatchObject(absent);
  mkdirSync(join(memberDir, 'snap'), { recursive: true });
  expect(await surveyMemberDir({ memberDir })).toMatchObject(absent);
  rmSync(memberDir, { recursive: true });
  writeFileSync(memberDir, 'held by a restore');
  expect(await surveyMemberDir({ memberDir })).toMatchObject(absent);
  writeWal(join(folder, 'log'), [log!]);
  expect(await surveyMemberDir({ memberDir, walDir: join(folder, 'log') })).toMatchObject(absent);
});

test('damage is told, and what is whole beside it', async () => {
  write();
  rmSync(db);
  const noDb = { data: 'damaged', dataFault: 'there is no database', revision: null, appliedIndex: null };
  expect(await surveyMemberDir({ memberDir })).toMatchObject({ ...noDb, committedIndex: 11, clusterId });
  writeFileSync(db, bytes.subarray(0, 5000));
  const cut = await surveyMemberDir({ memberDir });
  expect(cut).toMatchObject({ data: 'damaged', revision: null, size: 5000, memberId });
  expect(cut.dataFault).toMatch(/^the database: page \d+ /);
  write();
  writeWal(walDir, [Buffer.from(log!).fill(0xff, 200, 201)]);
  const changed = await surveyMemberDir({ memberDir });
  expect(changed).toMatchObject({
    data: 'damaged',
    revision: history.revision,
    appliedIndex: 9,
    committedIndex: null,
  });
  expect(changed.dataFault).toMatch(/^the write-ahead log: 0{16}-0{16}\.wal at byte \d+: /);
  rmSync(db);
  mkdirSync(db);
  expect((await surveyMemberDir({ memberDir })).dataFault).toMatch(
    /^the database: not a regular file; the write-ahead log/,
  );
});

test('a member that was just built is readable, and is left as it is', async () => {
  const file = join(folder, 'snapshot.db');
  writeFileSync(file, withTrailer(bytes));
  const built = await buildDataDir({
    source: { file },
    dataDir: join(folder, 'data'),
    name: 'm1',
    members: [{ name: 'm1', peerUrls: ['http://127.0.0.1:2380'] }],
    token: 'tok',
    bump: { by: 1_000, markCompacted: true },
    signal: new AbortController().signal,
  });
  const place = { memberDir: join(folder, 'data/member') };
  const content = () => readdirSync(place.memberDir, { recursive: true, encoding: 'utf8' }).toSorted();
  const before = [content(), readFileSync(join(place.memberDir, 'snap/db'))];
  expect(await surveyMemberDir(place)).toMatchObject({
    data: 'readable',
    revision: built.revision.restored,
    appliedIndex: 1,
    committedIndex: 1,
    lastIndex: 1,
    term: 1,
    listed: [{ name: 'm1', peerUrls: ['http://127.0.0.1:2380'], isLearner: false }],
  });
  expect([content(), readFileSync(join(place.memberDir, 'snap/db'))]).toEqual(before);
});
