import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sniff, type Sniffed } from './sniff.ts';
import { k3sZip } from './testing/k3s.ts';
import { memoryPlace } from './testing/memory-place.ts';
import { realSnapshot } from './testing/snapshots.ts';
import { testTar } from './testing/tar.ts';

const snapshot = realSnapshot();
const pageBytes = snapshot.length - 32;

function sniffed(content: Uint8Array): Promise<Sniffed> {
  const place = memoryPlace({ x: content });
  return sniff(place, place.file('x'));
}

/** A copy with some bytes overwritten. */
function damaged(content: Buffer, at: number, bytes = 64): Buffer {
  const copy = Buffer.from(content);
  copy.fill(0x5a, at, at + bytes);
  return copy;
}

/** A file of the log as etcd begins it: a record of type 4 with a CRC of 0, padded to 8 bytes, then the metadata. */
const wal = Buffer.concat([
  Buffer.from('0400000000000084', 'hex'),
  Buffer.from('0804100000000000', 'hex'),
  Buffer.alloc(64),
]);

test.each<[string, Uint8Array, Sniffed]>([
  ['a snapshot with its trailer', snapshot, { kind: 'db', trailer: true, pageBytes }],
  ['a copied database', snapshot.subarray(0, -32), { kind: 'db', trailer: false, pageBytes }],
  ['a database that is cut off', snapshot.subarray(0, 5000), { kind: 'db', trailer: false, pageBytes }],
  ['one whose first page is damaged', damaged(snapshot, 0), { kind: 'db', trailer: true, pageBytes }],
  ['one whose second page is damaged', damaged(snapshot, 4096), { kind: 'db', trailer: true, pageBytes }],
  [
    'one of which both heads are damaged behind their magic',
    damaged(damaged(snapshot, 24, 40), 4096 + 24, 40),
    { kind: 'db', trailer: true, pageBytes: null },
  ],
  ['one without any head', damaged(snapshot, 0, 8192), { kind: 'unknown' }],
  ['a zip', k3sZip('a', snapshot), { kind: 'zip', whole: true }],
  ['a zip that is cut off', k3sZip('a', snapshot).subarray(0, -100), { kind: 'zip', whole: false }],
  ['a compressed database', gzipSync(snapshot), { kind: 'gzip', holds: 'db' }],
  ['a tar.gz', gzipSync(testTar([{ name: 'db', content: snapshot }])), { kind: 'gzip', holds: 'tar' }],
  ['a gzip that is cut off', gzipSync(snapshot).subarray(0, 1000), { kind: 'gzip', holds: 'db' }],
  ['a gzip whose content is damaged', damaged(gzipSync(snapshot), 10), { kind: 'gzip', holds: 'empty' }],
  ['a bomb', gzipSync(Buffer.alloc(64 << 20)), { kind: 'gzip', holds: 'unknown' }],
  ['a tar', testTar([{ name: 'db', content: snapshot }]), { kind: 'tar' }],
  ['JSON', Buffer.from('{"provisioning-cluster-spec": ""}'), { kind: 'json' }],
  ['a list in JSON', Buffer.from('\n[ {} ]'), { kind: 'json' }],
  ['PEM', Buffer.from('-----BEGIN CERTIFICATE-----\n'), { kind: 'pem' }],
  ['a log of etcd', wal, { kind: 'wal' }],
  ['nothing', Buffer.alloc(0), { kind: 'empty' }],
  ['zeros', Buffer.alloc(10_000), { kind: 'unknown' }],
  ['text', Buffer.from('hello'), { kind: 'unknown' }],
  ['one byte', Buffer.from('P'), { kind: 'unknown' }],
])('%s is known by its bytes', async (_, content, expected) => {
  expect(await sniffed(content)).toEqual(expected);
});

test('pages of every size are known, also by the second one alone', async () => {
  for (const version of ['3.4.23', '3.5.35', '3.7.3'] as const)
    expect(await sniffed(realSnapshot(version))).toMatchObject({ kind: 'db', trailer: true });
  for (const size of [1024, 16_384, 65_536]) {
    const large = Buffer.alloc(size * 4);
    large.writeUInt32LE(0xed0cdaed, size + 16);
    expect(await sniffed(large)).toMatchObject({ kind: 'db', pageBytes: null });
  }
});

test('a large file is known by its head and read once', async () => {
  const place = memoryPlace({ x: Buffer.concat([snapshot, Buffer.alloc(8 << 20)]) });
  await sniff(place, place.file('x'));
  const read = place.bytesRead;
  expect(read).toBeLessThan(70 * 1024);
  await sniff(place, place.file('x'));
  expect(place.bytesRead).toBe(read);
});
