import { describe, expect, it } from 'vitest';
import { seal } from './age/seal.ts';
import { unseal } from './age/unseal.ts';
import { generateSecretKey } from './keys/secret-key.ts';
import { type Lending, release } from './lending.ts';
import { compressSeekable } from './seekable/compress.ts';
import { expand } from './seekable/expand.ts';
import { cut, gather, someBytes, streamOf } from './testing/bytes.ts';

const MiB = 1024 * 1024;
const plain = someBytes(3 * MiB + 5);
const key = await generateSecretKey();
const compressed = await gather(compressSeekable(streamOf([plain])));
const sealed = await gather(seal(streamOf([plain]), { recipients: [key.publicKey] }));

/** Takes every chunk as a borrower has to; and tells how many bytes the chunks have when all is over. */
async function borrowed(stream: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; left: number }> {
  const [chunks, copies]: Uint8Array[][] = [[], []];
  for await (const chunk of stream) {
    chunks!.push(chunk);
    copies!.push(new Uint8Array(chunk));
  }
  return { bytes: Buffer.concat(copies!), left: chunks!.reduce((sum, { length }) => sum + length, 0) };
}

describe('a stream that lends its chunks', () => {
  const streams: [string, (how: Lending) => AsyncIterable<Uint8Array>, Uint8Array?][] = [
    ['compressed', (how) => compressSeekable(streamOf(cut(plain, [70_000])), how), compressed],
    [
      'expanded',
      (how) => expand(streamOf([compressed]), { name: 'it', atMost: plain.length, ...how }),
      plain,
    ],
    ['unsealed', (how) => unseal(streamOf(cut(sealed, [70_000])), { keys: [key] }, 'it', how), plain],
    ['sealed', (how) => seal(streamOf([plain]), { recipients: [key.publicKey] }, how)],
  ];

  it.each(streams)('holds what it holds otherwise, each until the next: %s', async (_, stream, expected) => {
    const { bytes, left } = await borrowed(stream({ lend: true }));
    expect(left).toBeLessThan(1000);
    const own = await borrowed(stream({}));
    expect(own.left).toBe(own.bytes.length);
    for (const each of [bytes, own.bytes]) {
      const held = expected ?? (await gather(unseal(streamOf([each]), { keys: [key] }, 'it')));
      expect(Buffer.from(expected === undefined ? plain : each).equals(held)).toBe(true);
    }
  });
});

describe('bytes that are let go of', () => {
  it('are empty, and those beside them in the pool of Node are not', () => {
    const [large, small, beside] = [Buffer.alloc(MiB), Buffer.from('small'), Buffer.from('beside')];
    for (const bytes of [large, small]) release(bytes);
    expect(large).toHaveLength(0);
    expect(beside.toString()).toBe('beside');
    expect(Buffer.from('later').toString()).toBe('later');
  });
});
