import { Readable } from 'node:stream';
import { crc32, createDeflateRaw } from 'node:zlib';

/** A file of a zip. */
export interface ZipEntry {
  /** As it is written: RKE wants absolute ones, which programs that make zips refuse. */
  readonly name: string;
  readonly modifiedAt: Date;
  readonly content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** What the end of a zip says of an entry. */
interface Written {
  readonly name: Buffer;
  /** Time and date as DOS has them. */
  readonly time: number;
  readonly crc: number;
  readonly stored: number;
  readonly plain: number;
  readonly offset: number;
}

const deflate = 8;
/** Sizes and checksum follow the content; names are UTF-8. */
const flags = 0x0808;
/** Version 4.5, the first with sizes of 64 bits; 2.0, the first with deflate. By "Unix", for the mode of the files. */
const versions = { wide: 45, narrow: 20 } as const;
const unix = 3 << 8;
const mode = 0o100600 * 0x1_0000;
const unknown32 = 0xffff_ffff;
const unknown16 = 0xffff;

/**
 * A zip as it comes, each entry deflated and for its owner only (PKWARE, APPNOTE.TXT 6.3.9, sections 4.3 and 4.5.3).
 *
 * @param wide whether sizes and places have 64 bits, which anything from 4 GiB on needs
 * @throws whatever the contents throw
 */
export async function* zipStream(
  entries: readonly ZipEntry[],
  { wide }: { readonly wide: boolean },
): AsyncGenerator<Uint8Array> {
  const written: Written[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const time = dosTime(entry.modifiedAt);
    const header = localHeader(name, time, wide);
    yield header;
    const counted = { crc: 0, plain: 0 };
    let stored = 0;
    const packed = Readable.from(counting(entry.content, counted), { objectMode: false }).compose(
      createDeflateRaw(),
    );
    for await (const block of packed as AsyncIterable<Uint8Array>) {
      stored += block.length;
      yield block;
    }
    const about = { name, time, ...counted, stored, offset };
    const descriptor = numbers([4, 0x0807_4b50], [4, about.crc], ...sizes(about, wide ? 8 : 4));
    yield descriptor;
    written.push(about);
    offset += header.length + stored + descriptor.length;
  }
  const directory = Buffer.concat(written.map((each) => centralHeader(each, wide)));
  yield directory;
  yield endOf(written.length, { offset, size: directory.length }, wide);
}

async function* counting(
  content: ZipEntry['content'],
  counted: { crc: number; plain: number },
): AsyncGenerator<Uint8Array> {
  for await (const block of content) {
    counted.crc = crc32(block, counted.crc);
    counted.plain += block.length;
    yield block;
  }
}

function sizes({ stored, plain }: Pick<Written, 'stored' | 'plain'>, bytes: 4 | 8): [4 | 8, number][] {
  return [
    [bytes, stored],
    [bytes, plain],
  ];
}

function localHeader(name: Buffer, time: number, wide: boolean): Buffer {
  const known = wide ? unknown32 : 0;
  const extra = wide ? numbers([2, 1], [2, 16], [8, 0], [8, 0]) : Buffer.alloc(0);
  return Buffer.concat([
    numbers(
      [4, 0x0403_4b50],
      [2, wide ? versions.wide : versions.narrow],
      [2, flags],
      [2, deflate],
      [4, time],
      [4, 0],
      ...sizes({ stored: known, plain: known }, 4),
      [2, name.length],
      [2, extra.length],
    ),
    name,
    extra,
  ]);
}

function centralHeader(entry: Written, wide: boolean): Buffer {
  const { name, time, crc, offset } = entry;
  const version = wide ? versions.wide : versions.narrow;
  // Here the size before comes first.
  const extra = wide
    ? numbers([2, 1], [2, 24], [8, entry.plain], [8, entry.stored], [8, offset])
    : Buffer.alloc(0);
  return Buffer.concat([
    numbers(
      [4, 0x0201_4b50],
      [2, unix + version],
      [2, version],
      [2, flags],
      [2, deflate],
      [4, time],
      [4, crc],
      ...sizes(wide ? { stored: unknown32, plain: unknown32 } : entry, 4),
      [2, name.length],
      [2, extra.length],
      [2, 0],
      [2, 0],
      [2, 0],
      [4, mode],
      [4, wide ? unknown32 : offset],
    ),
    name,
    extra,
  ]);
}

function endOf(
  count: number,
  place: { readonly offset: number; readonly size: number },
  wide: boolean,
): Buffer {
  const { offset, size } = place;
  const end = numbers(
    [4, 0x0605_4b50],
    [2, 0],
    [2, 0],
    [2, wide ? unknown16 : count],
    [2, wide ? unknown16 : count],
    [4, wide ? unknown32 : size],
    [4, wide ? unknown32 : offset],
    [2, 0],
  );
  if (!wide) return end;
  const wideEnd = numbers(
    [4, 0x0606_4b50],
    [8, 44],
    [2, unix + versions.wide],
    [2, versions.wide],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, size],
    [8, offset],
  );
  const locator = numbers([4, 0x0706_4b50], [4, 0], [8, offset + size], [4, 1]);
  return Buffer.concat([wideEnd, locator, end]);
}

/** Whole numbers, each in so many bytes, the lowest first. */
function numbers(...fields: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([bytes, value]) => {
      const field = Buffer.alloc(bytes);
      if (bytes === 8) field.writeBigUInt64LE(BigInt(value));
      else field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}

/** Two seconds exact, in UTC, which is what programs of Go take it for; 1980 at the earliest. */
function dosTime(at: Date): number {
  const year = Math.max(0, at.getUTCFullYear() - 1980);
  const date = (year << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return date * 0x1_0000 + time;
}
