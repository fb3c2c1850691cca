import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TrailedFile, TrailerMismatch } from './trailed-file.ts';

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function snapshotOf(pages: number): Buffer {
  const body = Buffer.alloc(pages * 512, 'abc');
  return Buffer.concat([body, sha256(body)]);
}

/** Feeds a file in pieces to a slow or a fast writer, which scribbles over each block once it is done with it. */
async function pass(file: Buffer, pieces: readonly number[], slow: boolean) {
  const written: Buffer[] = [];
  const take = (block: Buffer): void => {
    written.push(Buffer.from(block));
    block.fill(0xee);
  };
  const takeLater = async (block: Buffer): Promise<void> => {
    await setImmediate();
    take(block);
  };
  const trailed = new TrailedFile(slow ? takeLater : take, 256);
  for (let at = 0, turn = 0; at < file.length; turn++) {
    const end = Math.min(file.length, at + (pieces[turn % Math.max(1, pieces.length)] ?? file.length));
    trailed.append(file, at, end);
    await trailed.pending;
    at = end;
  }
  return { content: await trailed.end(), written: Buffer.concat(written) };
}

test('what arrives is passed on as it is, with the hash of all of it', async () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(fc.nat(5), pieces, fc.boolean(), async (pages, sizes, slow) => {
      const file = snapshotOf(pages);
      const { content, written } = await pass(file, sizes, slow);
      expect(content).toEqual({ size: file.length, sha256: sha256(file).toString('hex') });
      expect(written.equals(file)).toBe(true);
    }),
  );
});

test('one flipped bit anywhere is found', async () => {
  for (let at = 0; at < snapshotOf(2).length; at++) {
    const file = snapshotOf(2);
    file[at] = file[at]! ^ 1;
    await expect(pass(file, [700], false)).rejects.toThrow('its SHA-256 is');
  }
});

test('a length that no snapshot has is found', async () => {
  for (let length = 0; length < 1056; length++) {
    const rejected = expect(pass(snapshotOf(2).subarray(0, length), [200], false)).rejects;
    await rejected.toThrow(TrailerMismatch);
  }
});
