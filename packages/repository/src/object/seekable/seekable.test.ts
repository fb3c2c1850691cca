import { constants, createZstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { isFailure, limits } from '@holdfast/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, gather, memorySource, someBytes, streamOf } from '../testing/bytes.ts';
import { compressSeekable } from './compress.ts';
import { expand } from './expand.ts';
import { openSeekable } from './seekable-source.ts';
import { encodeSeekTable, type SeekEntry } from './seek-table.ts';
import { SeekableWriter } from './seekable-writer.ts';

const MiB = 1024 * 1024;

async function stored(plain: Uint8Array, frameBytes?: number): Promise<Buffer> {
  return gather(compressSeekable(streamOf([plain]), frameBytes === undefined ? {} : { frameBytes }));
}

async function expanded(
  bytes: Uint8Array,
  atMost = 64 * MiB,
  lengths: readonly number[] = [],
): Promise<Buffer> {
  return gather(expand(streamOf(cut(bytes, lengths)), { name: 'an object', atMost }));
}

async function whyNot(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => 'nothing was refused',
    (error: unknown) => error,
  );
  expect(thrown).toSatisfy((error) => isFailure(error, 'object-damaged'));
  return isFailure(thrown) ? thrown.why : '';
}

async function readFrames(entries: readonly SeekEntry[], ...frames: Uint8Array[]): Promise<Uint8Array> {
  const bytes = Buffer.concat([...frames, encodeSeekTable(entries)]);
  const source = await openSeekable(memorySource(bytes));
  return source.read(0, source.size);
}

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield someBytes(5000);
  throw new Error('the network broke');
}

const lengths = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });

describe('a seekable object', () => {
  it('gives back any bytes, in whatever chunks they come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        lengths,
        lengths,
        fc.integer({ min: 1, max: 1200 }),
        async (plain, inwards, outwards, frameBytes) => {
          const bytes = await gather(compressSeekable(streamOf(cut(plain, inwards)), { frameBytes }));
          const source = await openSeekable(memorySource(bytes));
          expect(source.size).toBe(plain.length);
          expect(Buffer.from(await source.read(0, source.size)).equals(plain)).toBe(true);
          if (plain.length > 0)
            expect((await expanded(bytes, plain.length, outwards)).equals(plain)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('gives any range, and reads only the frames in which it lies', async () => {
    const plain = someBytes(40_000);
    const bytes = await stored(plain, 1000);
    const range = fc.tuple(fc.nat(plain.length), fc.nat(plain.length));
    await fc.assert(
      fc.asyncProperty(range, async ([a, b]) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const below = memorySource(bytes);
        const source = await openSeekable(below);
        const opening = below.reads.length;
        expect(Buffer.from(await source.read(start, end)).equals(plain.subarray(start, end))).toBe(true);
        const frames = start === end ? 0 : Math.floor((end - 1) / 1000) - Math.floor(start / 1000) + 1;
        expect(below.reads.length - opening).toBe(frames);
      }),
      { numRuns: 60 },
    );
  });

  it('is one standard frame with checksum and size for every MiB, and a table of them', async () => {
    const plain = someBytes(2 * MiB + 5);
    const chunks: Uint8Array[] = [];
    for await (const chunk of compressSeekable(streamOf([plain]))) chunks.push(chunk);
    expect(chunks).toHaveLength(4);
    expect(chunks.slice(0, 3).map((chunk) => zstdDecompressSync(chunk).length)).toEqual([MiB, MiB, 5]);
    const table = Buffer.from(chunks[3]!);
    expect(table.readUInt32LE()).toBe(0x184d2a5e);
    expect(table.readUInt32LE(table.length - 9)).toBe(3);
    expect(table.readUInt32LE(table.length - 4)).toBe(0x8f92eab1);
    expect(table.length).toBe(8 + 3 * 12 + 9);
    // Both are the lower half of XXH64 over the plain bytes.
    expect(table.readUInt32LE(16)).toBe(Buffer.from(chunks[0]!).readUInt32LE(chunks[0]!.length - 4));
  });

  it('of nothing is only a table, and opens as nothing', async () => {
    const bytes = await stored(new Uint8Array(0));
    expect(bytes.length).toBe(17);
    expect((await openSeekable(memorySource(bytes))).size).toBe(0);
  });

  it('keeps a frame that was read, so that its neighbour in it costs no request', async () => {
    const below = memorySource(await stored(someBytes(5000), 1000));
    const source = await openSeekable(below);
    await source.read(10, 20);
    const before = below.reads.length;
    await source.read(900, 1000);
    expect(below.reads.length).toBe(before);
    for (const start of [1000, 2000, 3000, 4000]) await source.read(start, start + 1);
    expect(below.reads.length).toBe(before + 4);
  });

  it('reads no further ahead of its reader than it can work on', async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield someBytes(1000, ++asked);
    }
    const stream = compressSeekable(endless(), { frameBytes: 1000 });
    for (let i = 1; i <= 20; i++) {
      await stream.next();
      expect(asked).toBeLessThan(i + 10);
    }
    await stream.return(undefined);
  });

  it('passes on what its source throws, and lets go of it when its reader leaves', async () => {
    await expect(gather(compressSeekable(breaking(), { frameBytes: 100 }))).rejects.toThrow(
      'the network broke',
    );
    let left = false;
    async function* told(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield zstdCompressSync(someBytes(10_000));
      } finally {
        left = true;
      }
    }
    for await (const chunk of expand(told(), { name: 'an object', atMost: MiB })) if (chunk.length > 0) break;
    expect(left).toBe(true);
    await expect(gather(expand(breaking(), { name: 'an object', atMost: MiB }))).rejects.toMatchObject({
      code: 'object-damaged',
    });
  });
});

describe('frames without a table', () => {
  it('are read whoever made them: no size, no checksum, long windows, skippable frames among them', async () => {
    const plain = someBytes(300_000);
    const noSize = createZstdCompress({ params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
    noSize.end(plain);
    const skippable = Buffer.alloc(8 + 5);
    skippable.writeUInt32LE(0x184d2a53);
    skippable.writeUInt32LE(5, 4);
    const long = zstdCompressSync(plain, { params: { [constants.ZSTD_c_windowLog]: 27 } });
    const empty = zstdCompressSync(Buffer.alloc(0));
    const bytes = Buffer.concat([skippable, await gather(noSize), empty, skippable, long]);
    for (const lengths of [[], [1000], [1, 2, 3]]) {
      const whole = await expanded(bytes, 2 * plain.length, lengths);
      expect(whole.equals(Buffer.concat([plain, plain]))).toBe(true);
    }
  });

  it('are no object that can be read by position', async () => {
    const bytes = zstdCompressSync(someBytes(1000));
    expect(await whyNot(openSeekable(memorySource(bytes)))).toBe('it does not end with a seek table');
    expect(await whyNot(openSeekable(memorySource(bytes.subarray(0, 4))))).toContain('seek table');
  });

  it('that swell are refused at the limit, long before they are done', async () => {
    const bomb = Buffer.concat(Array.from({ length: 50 }, () => zstdCompressSync(Buffer.alloc(8 * MiB))));
    let got = 0;
    const reading = async () => {
      for await (const chunk of expand(streamOf([bomb]), { name: 'an object', atMost: 3 * MiB }))
        got += chunk.length;
    };
    expect(await whyNot(reading())).toBe('it holds more than the 3145728 bytes that it should');
    expect(got).toBeLessThanOrEqual(3 * MiB);
  });

  it('that ask for too much memory, or for a dictionary, are refused', async () => {
    const window = Buffer.from('28b52ffd00ff', 'hex');
    expect(await whyNot(expanded(window))).toContain('of memory');
    expect(await whyNot(expanded(Buffer.from('28b52ffd210500', 'hex')))).toContain('dictionary');
    expect(await whyNot(expanded(Buffer.from('28b52ffd2805', 'hex')))).toContain('reserved');
    expect(await whyNot(expanded(Buffer.from('28b52ffd2005070000', 'hex')))).toContain('no known kind');
  });

  it('are refused when they are cut anywhere within, or when there are none', async () => {
    const bytes = zstdCompressSync(someBytes(500), { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    for (let length = 0; length < bytes.length; length++) await whyNot(expanded(bytes.subarray(0, length)));
    expect(await whyNot(expanded(new Uint8Array(0)))).toBe('it is empty');
    expect(await whyNot(expanded(Buffer.concat([bytes, Buffer.from('garbage')])))).toContain('begin');
  });
});

describe('an altered seekable object', () => {
  it('is refused, or what was altered does not matter, for every byte', async () => {
    const plain = someBytes(600);
    const bytes = await stored(plain, 200);
    const same = async (read: Promise<Uint8Array>): Promise<boolean> => {
      try {
        return Buffer.from(await read).equals(plain);
      } catch (error) {
        return isFailure(error, 'object-damaged');
      }
    };
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at]! ^= 1 << (at % 8);
      const byPosition = async () => {
        const source = await openSeekable(memorySource(altered));
        return source.read(0, source.size);
      };
      expect(await same(byPosition()), `by position, byte ${at}`).toBe(true);
      expect(await same(expanded(altered, plain.length)), `as a stream, byte ${at}`).toBe(true);
    }
    for (let length = 0; length < bytes.length; length++) {
      const opening = openSeekable(memorySource(bytes.subarray(0, length)));
      await whyNot(opening.then(async (source) => source.read(0, source.size)));
    }
  }, 60_000);

  it('whose table lies is refused', async () => {
    const frame = zstdCompressSync(someBytes(100), { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const checksum = frame.readUInt32LE(frame.length - 4);
    const honest = { stored: frame.length, plain: 100, checksum };
    expect(await readFrames([honest], frame)).toHaveLength(100);
    expect(await whyNot(readFrames([honest], frame, frame))).toContain('bytes of frames');
    expect(await whyNot(readFrames([honest, honest], frame))).toContain('bytes of frames');
    expect(await whyNot(readFrames([{ ...honest, plain: 99 }], frame))).toBe(
      'a frame is not what the seek table says',
    );
    expect(await whyNot(readFrames([{ ...honest, plain: 101 }], frame))).toBe(
      'a frame is not what the seek table says',
    );
    expect(await whyNot(readFrames([{ ...honest, checksum: 1 }], frame))).toBe(
      'a frame is not what the seek table says',
    );
    const both = { ...honest, stored: 2 * frame.length };
    expect(await whyNot(readFrames([both], frame, frame))).toBe('a frame is not what the seek table says');
    const shifted = [
      { ...honest, stored: frame.length - 1 },
      { ...honest, stored: frame.length + 1 },
    ];
    await whyNot(readFrames(shifted, frame, frame));
    const huge = { ...honest, plain: limits.seekFrameBytes + 1 };
    expect(await whyNot(readFrames([huge], frame))).toContain('a frame of');
    // A checksum is right where the frame has none of its own, since zstd has nothing to compare it with.
    const bare = zstdCompressSync(someBytes(100));
    expect(await readFrames([{ stored: bare.length, plain: 100, checksum: 7 }], bare)).toHaveLength(100);
  });

  it('whose table tells of more frames than could be is refused before memory is taken for them', async () => {
    const footer = Buffer.alloc(17);
    footer.writeUInt32LE(0xffffffff, 8);
    footer.writeUInt32LE(0x8f92eab1, 13);
    expect(await whyNot(openSeekable(memorySource(footer)))).toBe(
      'its seek table tells of 4294967295 frames',
    );
  });

  it('is refused when its storage gives less than was asked for', async () => {
    const bytes = await stored(someBytes(2000), 1000);
    const whole = memorySource(bytes);
    const source = await openSeekable({
      ...whole,
      read: async (start, end) => {
        const read = await whole.read(start, end);
        return end === bytes.length ? read : read.subarray(1);
      },
    });
    expect(await whyNot(source.read(0, 10))).toContain('there came');
    await expect(source.read(0, 3000)).rejects.toThrow(RangeError);
  });
});

describe('what is sent, and not read', () => {
  it('is compressed to the same bytes, in whatever chunks it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        lengths,
        fc.integer({ min: 1, max: 1200 }),
        async (plain, inwards, frameBytes) => {
          const [bytes, entries]: [Uint8Array[], (SeekEntry | undefined)[]] = [[], []];
          const writer = new SeekableWriter((stored, entry) => {
            bytes.push(Buffer.from(stored));
            entries.push(entry);
          }, frameBytes);
          for (const chunk of cut(plain, inwards)) await writer.write(chunk);
          await writer.end();
          expect(Buffer.concat(bytes).equals(await stored(plain, frameBytes))).toBe(true);
          expect(entries.map((entry) => entry?.stored)).toEqual([
            ...bytes.slice(0, -1).map(({ length }) => length),
            undefined,
          ]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is held up while more frames are under way than there are threads for', async () => {
    const release = Promise.withResolvers<void>();
    const writer = new SeekableWriter(() => release.promise, 100);
    let writes = 0;
    let waiting: void | Promise<void>;
    while ((waiting = writer.write(someBytes(100))) === undefined) expect(++writes).toBeLessThan(20);
    release.resolve();
    await waiting;
    await writer.end();
  });

  it('fails where its taker fails', async () => {
    const writer = new SeekableWriter(async () => {
      throw new Error('the disk is full');
    }, 100);
    void writer.write(someBytes(250));
    await expect(writer.end()).rejects.toThrow('the disk is full');
  });
});
