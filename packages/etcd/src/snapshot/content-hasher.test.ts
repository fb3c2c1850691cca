import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashContent, imageSize } from './content-hash.ts';
import { ContentHasher } from './index.ts';

const sizes = fc.oneof(
  fc.nat(2000),
  fc.nat(4).map((sectors) => 512 * sectors),
  fc.nat(4).map((sectors) => 512 * sectors + 32),
);

test('pieces of any size hash as the whole file does', async () => {
  await fc.assert(
    fc.asyncProperty(
      sizes.chain((size) => fc.uint8Array({ minLength: size, maxLength: size })),
      fc.array(fc.oneof(fc.nat(100), fc.constantFrom(0, 31, 32, 33, 511, 512))),
      async (bytes, cuts) => {
        const hasher = new ContentHasher();
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          // The memory of a piece is its owner's again.
          const piece = bytes.slice(at, at + cut);
          hasher.update(piece);
          piece.fill(0xee);
          at = Math.min(bytes.length, at + cut);
          expect(hasher.size).toBe(at);
        }
        expect(hasher.end()).toEqual(
          await hashContent(createHash, {
            size: bytes.length,
            image: imageSize(bytes.length),
            read: (target, position) => {
              const part = bytes.subarray(position, position + target.length);
              target.set(part);
              return part.length;
            },
            progress: () => undefined,
          }),
        );
      },
    ),
    { numRuns: 500 },
  );
});
