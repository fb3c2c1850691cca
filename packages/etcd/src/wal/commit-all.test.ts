import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commitAll } from './commit-all.ts';
import { readWalSummary } from './summary.ts';
import { entry, metadata, snapshot, state, walBytes, writeWal } from './test-wal.ts';

const { signal } = new AbortController();
const zeros = Buffer.alloc(512);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-wal-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const begun = [metadata, snapshot(0, 0), entry(1, 1), state(1, 1), entry(2, 2), entry(3, 2)];

test('the entries that are not marked are, and the log reads on', async () => {
  writeWal(folder, [Buffer.concat([walBytes(begun).bytes, zeros])]);
  expect(await commitAll(folder, signal)).toEqual({ lastIndex: 3, unmarked: 2 });
  const summary = await readWalSummary(folder);
  expect(summary).toMatchObject({ lastIndex: 3, commit: 3, term: 2, fault: null, torn: null });
  expect(await commitAll(folder, signal)).toEqual({ lastIndex: 3, unmarked: 0 });
});

test('it goes behind the last of several files, over what was torn there', async () => {
  const first = walBytes(begun);
  const torn = Buffer.alloc(24);
  torn.writeUIntLE(1000, 0, 6);
  const second = walBytes([metadata, state(2, 1), entry(4, 2)], first.crc);
  writeWal(folder, [first.bytes, Buffer.concat([second.bytes, torn])]);
  const before = await readWalSummary(folder);
  expect(before).toMatchObject({ lastIndex: 4, commit: 1, fault: null, torn: expect.any(String) as string });
  expect(await commitAll(folder, signal)).toEqual({ lastIndex: 4, unmarked: 3 });
  expect(await readWalSummary(folder)).toMatchObject({ lastIndex: 4, commit: 4, fault: null, torn: null });
});

test('a damaged log, and none, are left as they are', async () => {
  expect(await commitAll(folder, signal)).toBeUndefined();
  const { bytes } = walBytes(begun);
  bytes[bytes.length - 20]! ^= 1;
  writeWal(folder, [Buffer.concat([bytes, zeros])]);
  const path = join(folder, readdirSync(folder)[0]!);
  const before = readFileSync(path);
  expect(await commitAll(folder, signal)).toBeUndefined();
  expect(readFileSync(path).equals(before)).toBe(true);
});
