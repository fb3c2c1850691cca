import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { contentInScratch } from './content-in-scratch.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-content-'));
afterAll(() => rmSync(folder, { recursive: true }));

// Longer than three frames, no multiple of one, and half of it can be compressed.
const plain = Buffer.concat([randomBytes(1_700_000), Buffer.alloc(1_600_000, 'etcd')]);

describe.each([{ readsAll: true }, { readsAll: false }])(
  'content in a scratch, $readsAll',
  ({ readsAll }) => {
    it('is read by position as it came, across frames and up to its end', async () => {
      await using content = await contentInScratch(folder, { size: plain.length, readsAll });
      for (let at = 0; at < plain.length; at += 70_000) await content.write(plain.subarray(at, at + 70_000));
      await content.end();
      const source = content.source();
      expect(source.size).toBe(plain.length);
      for (const [start, length] of [
        [0, 10],
        [1_048_570, 20],
        [1_000_000, 2_200_000],
        [plain.length - 5, 5],
      ] as const) {
        const target = Buffer.alloc(length);
        expect(await source.read(target, start)).toBe(length);
        expect(target.equals(plain.subarray(start, start + length))).toBe(true);
      }
      expect(await source.read(Buffer.alloc(10), plain.length - 4)).toBe(4);
    });

    it('is followed compressed, by several and while it comes', async () => {
      await using content = await contentInScratch(folder, { size: plain.length, readsAll });
      const read = async (): Promise<Buffer> => {
        const chunks: Buffer[] = [];
        for await (const chunk of content.compressed()) chunks.push(Buffer.from(chunk));
        return Buffer.concat(chunks);
      };
      const readers = [read(), read()];
      for (let at = 0; at < plain.length; at += 70_000) await content.write(plain.subarray(at, at + 70_000));
      await content.end();
      for (const stored of await Promise.all(readers))
        expect(zstdDecompressSync(stored).equals(plain)).toBe(true);
    });

    it('tells those who follow why it will not become whole', async () => {
      await using content = await contentInScratch(folder, { size: plain.length, readsAll });
      const following = (async () => {
        for await (const chunk of content.compressed()) expect(chunk.length).toBeGreaterThan(0);
      })();
      await content.write(plain.subarray(0, 1_200_000));
      content.fail(new Error('etcd was killed'));
      await expect(following).rejects.toThrow('etcd was killed');
    });
  },
);
