import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeFirstWal, firstWalName, readWalSummary, type WalSummary } from './index.ts';
import {
  chained,
  entry,
  metadata,
  owner,
  snapshot,
  state,
  type TestRecord,
  walBytes,
  walFileName,
  writeWal,
} from './test-wal.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-wal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function read(files: readonly Buffer[], firstSequence = 0): Promise<WalSummary> {
  rmSync(folder, { recursive: true });
  writeWal(folder, files, firstSequence);
  const summary = await readWalSummary(folder);
  return summary!;
}

const head: readonly TestRecord[] = [metadata, snapshot(0, 0)];
const tail = Buffer.alloc(1024);

test('no folder, an empty one and a file in its place are no log', async () => {
  expect(await readWalSummary(folder)).toBeNull();
  expect(await readWalSummary(join(folder, 'none'))).toBeNull();
  writeFileSync(join(folder, '0.tmp'), 'x');
  expect(await readWalSummary(folder)).toBeNull();
  expect(await readWalSummary(join(folder, '0.tmp'))).toBeNull();
});

test('every log that is written for a new member is read back', async () => {
  const member = fc.record({ id: fc.bigInt(1n, 2n ** 64n - 1n), json: fc.uint8Array({ maxLength: 3000 }) });
  const voters = fc.array(member, { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(voters, fc.boolean(), fc.nat(600), async (voters, withConfState, units) => {
      const bytes = encodeFirstWal({ ...owner, voters, withConfState });
      writeFileSync(join(folder, firstWalName), Buffer.concat([bytes, Buffer.alloc(8 * units)]));
      const end = { lastIndex: voters.length, lastTerm: 1, term: 1, commit: voters.length };
      const snapshots = [
        { index: 0, term: 0 },
        { index: voters.length, term: 1 },
      ];
      const summary = await readWalSummary(folder);
      expect(summary).toEqual({ owner, firstIndex: 1, ...end, snapshots, torn: null, fault: null });
    }),
    { numRuns: 40 },
  );
});

/** What can happen to a member: entries from its leader, which may replace those that are not committed; a cut. */
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ back: fc.nat(5), count: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant('cut' as const) },
  { weight: 1, arbitrary: fc.constant('snapshot' as const) },
  { weight: 1, arbitrary: fc.record({ jump: fc.nat(1000) }) },
);

test('it knows where a log of any history stands, whatever was purged of it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 40 }),
      fc.nat(3),
      fc.nat(2000),
      async (events, purged, size) => {
        const files: TestRecord[][] = [[...head]];
        let log: { index: number; term: number }[] = [];
        let [term, commit] = [1, 0];
        let snapshotAt = { index: 0, term: 0 };
        const last = () => log.at(-1) ?? snapshotAt;
        for (const event of events) {
          const file = files.at(-1)!;
          if (event === 'cut') files.push([metadata, ...(commit > 0 ? [state(term, commit)] : [])]);
          else if (event === 'snapshot') file.push(snapshot(commit, term));
          else if ('jump' in event) {
            // From a leader: everything up to there, and nothing before is needed.
            snapshotAt = { index: last().index + event.jump + 1, term };
            log = [];
            commit = snapshotAt.index;
            file.push(snapshot(snapshotAt.index, term), state(term, commit));
          } else {
            const from = Math.max(commit, last().index - event.back) + 1;
            if (event.back > 0) term += 1;
            log = log.filter(({ index }) => index < from);
            for (let i = 0; i < event.count; i++) {
              log.push({ index: from + i, term });
              file.push(entry(from + i, term, Buffer.alloc((i * 7 + size) % 2000, i)));
            }
            commit = Math.max(commit, from + Math.floor(event.count / 2) - 1);
            file.push(state(term, commit));
          }
        }
        const gone = Math.min(purged, files.length - 1);
        const summary = await read(chained(files).slice(gone), gone);
        expect(summary).toMatchObject({ owner, torn: null, fault: null });
        const kept = files.slice(gone).flat();
        if (kept.some(([type]) => type === 3)) expect(summary).toMatchObject({ term, commit });
        if (gone > 0 && !kept.some(([type]) => type === 2)) return;
        expect(summary).toMatchObject({ lastIndex: last().index, lastTerm: last().term });
        if (gone === 0) expect(summary.firstIndex).toBe(log[0]?.index ?? last().index + 1);
      },
    ),
    { numRuns: 60 },
  );
});

const entries = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, 2));

describe('what is damaged is told with its place', () => {
  test.each<[string, readonly Buffer[], RegExp]>([
    [
      'a hole',
      chained([
        [...head, ...entries(1, 3)],
        [metadata, ...entries(6, 7), state(2, 7)],
      ]),
      /^the entries 4 to 5 are missing$/,
    ],
    [
      'the end is gone',
      chained([[...head, ...entries(1, 3), state(2, 5)]]),
      /entry 5 was committed, and the log ends at entry 3/,
    ],
    ['another member', chained([[...head], [[1, Buffer.from('08011002', 'hex')]]]), /another member/],
    ['no metadata', chained([[snapshot(0, 0), entry(1, 1)]]), /does not name its member/],
    ['a state goes back', chained([[...head, ...entries(1, 3), state(2, 3), state(2, 2)]]), /goes back/],
    ['a file without a head', [chained([[...head]])[0]!.subarray(16)], /at byte 0: the file does not begin/],
    [
      'an older file is cut',
      [chained([[...head, ...entries(1, 9)]])[0]!.subarray(0, 200), walBytes([metadata]).bytes],
      /^0000.* at byte 192: the file ends within/,
    ],
    [
      'an empty file in between',
      [chained([[...head]])[0]!, Buffer.alloc(0), walBytes([metadata], 5).bytes],
      /^0{15}2-.*at byte 0: its checksum/,
    ],
  ])('%s', async (_, files, fault) => {
    expect((await read(files)).fault).toMatch(fault);
  });

  test('a file is missing', async () => {
    writeWal(folder, chained([[...head], [metadata], [metadata]]));
    rmSync(join(folder, walFileName(1)));
    expect((await readWalSummary(folder))!.fault).toMatch(/goes on with 0{15}2-.* after 0{16}-/);
  });
});

/** Some of everything, over several sectors, in two files. */
const sample = chained([
  [...head, entry(1, 1, Buffer.from('first')), state(1, 1)],
  [
    metadata,
    state(1, 1),
    ...Array.from({ length: 6 }, (_, i) => entry(i + 2, 3, Buffer.alloc(i * 20, 0x5a))),
    entry(8, 3),
    state(3, 7),
    snapshot(7, 3),
    entry(9, 3, Buffer.alloc(520, 0x5a)),
    entry(9, 4, Buffer.from('another leader')),
    state(4, 9),
  ],
]);

test('every byte that is changed is told, or changes nothing', { timeout: 60_000 }, async () => {
  const whole = [sample[0]!, Buffer.concat([sample[1]!, tail])];
  const good = await read(whole);
  expect(good).toMatchObject({ lastIndex: 9, lastTerm: 4, commit: 9, torn: null, fault: null });
  let [told, harmless] = [0, 0];
  for (const file of [0, 1]) {
    for (let at = 0; at < sample[file]!.length + (file === 1 ? 40 : 0); at++) {
      for (const mask of [0xff, 0x06, 1 << (at % 8)]) {
        const changed = Buffer.from(whole[file]!);
        changed[at]! ^= mask;
        writeFileSync(join(folder, walFileName(file)), changed);
        const { fault, ...rest } = (await readWalSummary(folder))!;
        if (fault !== null) told += 1;
        else {
          harmless += 1;
          expect({ at, file, mask, ...rest, torn: null }).toEqual({
            at,
            file,
            mask,
            ...good,
            fault: undefined,
          });
        }
      }
    }
    writeFileSync(join(folder, walFileName(file)), whole[file]!);
  }
  // Pad bytes and the zeros at the end.
  expect([told > 2000, harmless < told / 5]).toEqual([true, true]);
});

test('a length that is lost in the last file is told', async () => {
  for (
    let at = 0;
    at < sample[1]!.length;
    at += 8 + Number(sample[1]!.readBigUInt64LE(at) & 0xffffn) + (sample[1]![at + 7]! & 7)
  ) {
    const bytes = Buffer.concat([sample[1]!, tail]);
    bytes.fill(0, at, at + 8);
    expect((await read([sample[0]!, bytes])).fault).toMatch(new RegExp(`at byte ${at}: the length`));
  }
});

describe('a torn end', () => {
  const last = walBytes([entry(10, 4, Buffer.alloc(700, 0x5a))]).bytes.subarray(16);
  const before = chained([
    [...head, ...Array.from({ length: 9 }, (_, i) => entry(i + 1, 4, Buffer.alloc(40, 1))), state(4, 9)],
  ])[0]!;
  const [whole] = chained([
    [
      ...head,
      ...Array.from({ length: 9 }, (_, i) => entry(i + 1, 4, Buffer.alloc(40, 1))),
      state(4, 9),
      entry(10, 4, Buffer.alloc(700, 0x5a)),
    ],
  ]);

  test('is tolerated wherever the file ends in the last record', async () => {
    expect(whole!.length).toBe(before.length + last.length);
    for (let size = before.length + 1; size < whole!.length; size++) {
      const summary = await read([whole!.subarray(0, size)]);
      expect(summary).toMatchObject({ lastIndex: 9, commit: 9, fault: null });
      expect(summary.torn).toBe(`${walFileName(0)} at byte ${before.length}`);
    }
  });

  test('is tolerated wherever sectors of the last record were not written, as etcd does', async () => {
    for (let at = before.length; at < whole!.length; at++) {
      const bytes = Buffer.concat([whole!, tail]).fill(0, at);
      const { fault, lastIndex } = await read([bytes]);
      // What is left of a sector is zeros at the end of the record, or it is all there but for its pad bytes.
      const sector = Math.ceil(at / 512) * 512;
      const zeros = sector < whole!.length || at <= before.length + 8;
      if (zeros) expect([at, fault, lastIndex]).toEqual([at, null, 9]);
      else expect([at, fault ?? lastIndex]).toEqual([at, expect.anything()]);
    }
    const begin = Math.ceil(before.length / 512) * 512;
    const bytes = Buffer.from(whole!).fill(0, begin, Math.min(begin + 512, whole!.length));
    expect(await read([bytes])).toMatchObject({ fault: null, lastIndex: 9 });
  });

  test('of an older file is damage', async () => {
    const later = walBytes([metadata], walBytes([]).crc).bytes;
    expect((await read([whole!.subarray(0, -100), later])).fault).toMatch(
      /byte \d+: the file ends within a record/,
    );
  });
});
