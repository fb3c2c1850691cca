import { isFailure } from '@holdfast/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateSecretKey, type SecretKey } from '../keys/secret-key.ts';
import { compressSeekable } from '../seekable/compress.ts';
import { expand } from '../seekable/expand.ts';
import { openSeekable } from '../seekable/seekable-source.ts';
import { cut, gather, memorySource, someBytes, streamOf } from '../testing/bytes.ts';
import type { OpenWith } from './header.ts';
import { seal } from './seal.ts';
import { openSealed } from './sealed-source.ts';
import { unseal } from './unseal.ts';

const chunk = 65_536;
const key = await generateSecretKey();
const escrow = await generateSecretKey();

async function sealed(
  plain: Uint8Array,
  to: SecretKey = key,
  lengths: readonly number[] = [],
): Promise<Buffer> {
  return gather(seal(streamOf(cut(plain, lengths)), { recipients: [to.publicKey] }));
}

async function opened(bytes: Uint8Array, using: OpenWith = { keys: [key] }, lengths: readonly number[] = []) {
  return gather(unseal(streamOf(cut(bytes, lengths)), using, 'an object'));
}

async function openedByPosition(bytes: Uint8Array, using: OpenWith = { keys: [key] }): Promise<Uint8Array> {
  const source = await openSealed(memorySource(bytes), using);
  return source.read(0, source.size);
}

describe('a sealed object', () => {
  it.each([0, 1, chunk - 1, chunk, chunk + 1, 16 * chunk, 16 * chunk + 1, 40 * chunk])(
    'of %i bytes gives them back, as a stream and by position',
    async (length) => {
      const plain = someBytes(length);
      const bytes = await sealed(plain, key, [100_000, 7, 65_536]);
      expect((await opened(bytes, { keys: [key] }, [300_000, 1])).equals(plain)).toBe(true);
      expect(Buffer.from(await openedByPosition(bytes)).equals(plain)).toBe(true);
    },
  );

  it('gives back any bytes, in whatever chunks they come', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.nat(300_000), lengths, lengths, async (length, inwards, outwards) => {
        const plain = someBytes(length);
        const bytes = await sealed(plain, key, inwards);
        expect((await opened(bytes, { keys: [key] }, outwards)).equals(plain)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('is opened by each of its recipients alone, and by nobody else', async () => {
    const bytes = await gather(
      seal(streamOf([someBytes(10)]), { recipients: [key.publicKey, escrow.publicKey] }),
    );
    const stranger = await generateSecretKey();
    expect(await opened(bytes)).toHaveLength(10);
    expect(await opened(bytes, { keys: [stranger, escrow] })).toHaveLength(10);
    for (const using of [{}, { keys: [stranger] }, { passphrases: ['a guess'] }]) {
      await expect(opened(bytes, using)).rejects.toMatchObject({ code: 'key-not-matching' });
      await expect(openedByPosition(bytes, using)).rejects.toMatchObject({ code: 'key-not-matching' });
    }
  });

  it('for a passphrase is opened by it alone', async () => {
    const bytes = await gather(seal(streamOf([someBytes(10)]), { passphrase: 'correct horse', work: 10 }));
    expect(await opened(bytes, { keys: [key], passphrases: ['wrong', 'correct horse'] })).toHaveLength(10);
    await expect(opened(bytes, { keys: [key], passphrases: ['wrong'] })).rejects.toMatchObject({
      code: 'key-not-matching',
    });
    expect(bytes.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> scrypt [\w+/]{22} 10\n/);
  });

  it('never is the same twice', async () => {
    const [one, other] = [await sealed(someBytes(100)), await sealed(someBytes(100))];
    expect(one.subarray(-116).equals(other.subarray(-116))).toBe(false);
  });

  it('gives any range, and reads the chunks in which it lies in one request', async () => {
    const plain = someBytes(5 * chunk + 77);
    const below = memorySource(await sealed(plain));
    const source = await openSealed(below, { keys: [key] });
    const edges = [0, 1, chunk - 1, chunk, chunk + 1, 5 * chunk - 1, 5 * chunk, 5 * chunk + 1, plain.length];
    const edge = fc.oneof(fc.constantFrom(...edges), fc.nat(plain.length));
    await fc.assert(
      fc.asyncProperty(edge, edge, async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const before = below.reads.length;
        expect(Buffer.from(await source.read(start, end)).equals(plain.subarray(start, end))).toBe(true);
        const [read, ...more] = below.reads.slice(before);
        expect(more).toEqual([]);
        if (read === undefined) return;
        const chunks = Math.ceil(end / chunk) - Math.floor(start / chunk);
        expect(read[1] - read[0]).toBeLessThanOrEqual(chunks * (chunk + 16));
      }),
    );
    await expect(source.read(0, plain.length + 1)).rejects.toThrow(RangeError);
  });
});

describe('a seekable object inside a sealed one', () => {
  const plain = someBytes(300_000);
  const layered = async () =>
    gather(
      seal(compressSeekable(streamOf(cut(plain, [5000])), { frameBytes: 10_000 }), {
        recipients: [key.publicKey],
      }),
    );

  it('gives any range of its plain bytes, and reads a small part of what is stored', async () => {
    const noise = Buffer.from(
      Array.from({ length: 1_000_000 }, (_, i) => Math.imul(i, 2_654_435_761) >>> 24),
    );
    const bytes = await gather(
      seal(compressSeekable(streamOf([noise]), { frameBytes: 20_000 }), { recipients: [key.publicKey] }),
    );
    const below = memorySource(bytes);
    const source = await openSeekable(await openSealed(below, { keys: [key] }));
    expect(source.size).toBe(noise.length);
    const before = below.reads.length;
    expect(Buffer.from(await source.read(400_000, 404_096)).equals(noise.subarray(400_000, 404_096))).toBe(
      true,
    );
    const read = below.reads.slice(before);
    expect(read).toHaveLength(1);
    expect(read[0]![1] - read[0]![0]).toBeLessThanOrEqual(2 * (chunk + 16));
    await fc.assert(
      fc.asyncProperty(fc.nat(noise.length), fc.nat(noise.length), async (a, b) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        expect(Buffer.from(await source.read(start, end)).equals(noise.subarray(start, end))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('streams out as it streamed in', async () => {
    const out = unseal(streamOf(cut(await layered(), [777])), { keys: [key] }, 'an object');
    const whole = await gather(expand(out, { name: 'an object', atMost: plain.length }));
    expect(whole.equals(plain)).toBe(true);
  });

  it('is refused when any byte of it was altered, or when it was cut or lengthened anywhere', async () => {
    const small = someBytes(300);
    const bytes = await gather(
      seal(compressSeekable(streamOf([small]), { frameBytes: 100 }), { recipients: [key.publicKey] }),
    );
    const refused = async (changed: Uint8Array, what: string) => {
      const asStream = async () => {
        const inner = unseal(streamOf([changed]), { keys: [key] }, 'an object');
        return gather(expand(inner, { name: 'an object', atMost: small.length }));
      };
      const byPosition = async () => {
        const source = await openSeekable(await openSealed(memorySource(changed), { keys: [key] }));
        return source.read(0, source.size);
      };
      for (const read of [asStream, byPosition]) {
        const outcome: unknown = await read().catch((error: unknown) => error);
        // A header whose wrapped key was altered is opened by nobody: that is what the key sees.
        const known = isFailure(outcome, 'object-damaged') || isFailure(outcome, 'key-not-matching');
        expect(known, what).toBe(true);
      }
    };
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1 << (at % 8);
      await refused(altered, `byte ${at} altered`);
      await refused(bytes.subarray(0, at), `cut at ${at}`);
    }
    await refused(Buffer.concat([bytes, Buffer.alloc(1)]), 'one byte more');
  }, 60_000);

  it('is refused when two of its chunks were swapped, or one of another object was put in', async () => {
    const long = someBytes(3 * chunk);
    const [bytes, other] = [await sealed(long), await sealed(someBytes(3 * chunk, 2))];
    const start = bytes.length - 3 * (chunk + 16);
    const at = (from: Buffer, i: number) =>
      from.subarray(start + i * (chunk + 16), start + (i + 1) * (chunk + 16));
    const head = bytes.subarray(0, start);
    const swapped = Buffer.concat([head, at(bytes, 1), at(bytes, 0), at(bytes, 2)]);
    const foreign = Buffer.concat([head, at(bytes, 0), at(other, 1), at(bytes, 2)]);
    const dropped = Buffer.concat([head, at(bytes, 0), at(bytes, 2)]);
    for (const changed of [swapped, foreign, dropped]) {
      await expect(opened(changed)).rejects.toMatchObject({ code: 'object-damaged' });
      await expect(openedByPosition(changed)).rejects.toMatchObject({ code: 'object-damaged' });
    }
  });

  it('whose header never ends is refused before it fills the memory', async () => {
    const line = Buffer.from(`-> grease ${'x'.repeat(1000)}\n\n`);
    let lines = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('age-encryption.org/v1\n');
      for (; ; lines++) yield line;
    }
    await expect(gather(unseal(endless(), { keys: [key] }, 'an object'))).rejects.toMatchObject({
      why: 'its age header is cut off',
    });
    expect(lines).toBeLessThan(300);
  });
});
