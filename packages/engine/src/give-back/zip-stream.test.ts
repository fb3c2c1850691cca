import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import yauzl from 'yauzl';
import { heldIn } from './testing/held-in.ts';
import { zipStream } from './zip-stream.ts';

const modifiedAt = new Date('2026-11-20T09:10:06Z');
const large = Buffer.concat(
  Array.from({ length: 20_000 }, (_, i) =>
    createHash('sha256')
      .update(`${i >> 2}`)
      .digest(),
  ),
);

async function* inPieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100_001) yield content.subarray(at, at + 100_001);
}

describe.each([true, false])('a zip with sizes of 64 bits: %s', (wide) => {
  test('holds what was put in, by its names and times', async () => {
    const entries = [
      { name: 'db-snapshot', modifiedAt, content: inPieces(large) },
      { name: 'empty', modifiedAt, content: [] },
      { name: 'höher/état', modifiedAt, content: [Buffer.from('{}')] },
    ];
    const zip = await buffer(zipStream(entries, { wide }));
    const held = await heldIn(zip);
    expect([...held.keys()]).toEqual(['db-snapshot', 'empty', 'höher/état']);
    expect(held.get('db-snapshot')?.equals(large)).toBe(true);
    expect(held.get('empty')?.length).toBe(0);
    expect(held.get('höher/état')?.toString()).toBe('{}');
    expect(zip.length).toBeLessThan(large.length / 2);
  });

  test('keeps absolute names as they are, which RKE looks for', async () => {
    const entries = [{ name: '/backup/nightly', modifiedAt, content: [Buffer.from('x')] }];
    const bytes = await buffer(zipStream(entries, { wide }));
    const zip = await yauzl.fromBufferPromise(bytes, { decodeStrings: false });
    for await (const entry of zip.eachEntry())
      expect(Buffer.from(entry.fileName).toString()).toBe('/backup/nightly');
    expect(zip.entryCount).toBe(1);
  });
});

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x');
  throw new Error('gone');
}

test('a content that fails ends the zip with its failure', async () => {
  const zip = zipStream([{ name: 'a', modifiedAt, content: failing() }], { wide: false });
  await expect(buffer(zip)).rejects.toThrow('gone');
});
