import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { isFailure, limits } from '@holdfast/base';
import {
  fromRandomAccessReaderPromise,
  getFileNameLowLevel,
  RandomAccessReader,
  type Entry,
  type ZipFile,
} from 'yauzl';
import type { ForeignPlace } from '../foreign.ts';
import { readPart } from '../place/read-part.ts';
import type { ArchiveFile } from './archive-file.ts';
import { zlibFault } from './expand-gzip.ts';
import { bombFault, checkEntryName, damagedArchive, Ration, refused } from './refusal.ts';

/** A regular file in a zip. */
interface ZipEntry {
  /** As it is stored; RKE's are absolute. */
  readonly name: string;
  /** Its last part. */
  readonly base: string;
  /** As `EntryName` has it. */
  readonly key: string;
  /** Bytes, plain and as they lie in the zip. */
  readonly size: number;
  readonly stored: number;
}

/** A zip whose directory has been read and found harmless. */
export interface ZipArchive {
  readonly entries: readonly ZipEntry[];
  /** The content of an entry; its CRC-32 is compared at its end. @throws archive-refused, archive-damaged, as well as `place.read` */
  read(entry: ZipEntry): AsyncIterable<Uint8Array>;
}

/**
 * Opens a zip where it lies: its end and its directory are read, and later the bytes of an entry.
 *
 * @throws archive-refused when it is encrypted, has links, devices, names that lead outside, two entries of one name or in
 *   the same bytes, too many or too large ones
 * @throws archive-damaged when it is cut off or contradicts itself; file-unreadable, the `s3-` failures
 */
export async function openZip(place: ForeignPlace, file: ArchiveFile): Promise<ZipArchive> {
  const where = `${place.location}/${file.path}`;
  const found = new Map<ZipEntry, Entry>();
  let zip: ZipFile;
  try {
    const reader = new PlaceReader(place, file);
    // Names are checked here: yauzl refuses the absolute ones of RKE. There is nothing that would have to be closed.
    const options = { autoClose: false, decodeStrings: false };
    zip = await fromRandomAccessReaderPromise(reader, file.size, options);
    if (zip.entryCount > limits.archiveEntries)
      throw refused(where, `it has ${zip.entryCount} entries, more than ${limits.archiveEntries}`);
    for await (const entry of zip.eachEntry()) {
      const checked = checkEntry(where, entry);
      if (checked !== undefined) found.set(checked, entry);
    }
  } catch (error) {
    throw zipFailure(where, error);
  }
  checkTogether(where, found);
  return {
    entries: [...found.keys()],
    read: (entry) => readEntry(zip, found.get(entry)!, entry, where),
  };
}

/** Bytes at the end of a zip that are read at once: with them its directory, of which yauzl asks for a few bytes at a time. */
const tailBytes = 66 * 1024;

/** Reads a zip of a place by position. */
class PlaceReader extends RandomAccessReader {
  readonly #place: ForeignPlace;
  readonly #path: string;
  readonly #tailStart: number;
  #tail: Promise<Buffer> | undefined;

  constructor(place: ForeignPlace, { path, size }: ArchiveFile) {
    super();
    this.#place = place;
    this.#path = path;
    this.#tailStart = Math.max(0, size - tailBytes);
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#bytes(start, end), { objectMode: false });
  }

  async *#bytes(start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start < this.#tailStart) {
      yield* this.#place.read(this.#path, { start, end });
      return;
    }
    this.#tail ??= readPart(this.#place, this.#path, this.#tailStart, this.#tailStart + tailBytes);
    const part = (await this.#tail).subarray(start - this.#tailStart, end - this.#tailStart);
    if (part.length > 0) yield part;
  }
}

/** What Info-ZIP and Go put into the upper half: a Unix mode. */
const kinds: Readonly<Record<number, string>> = {
  0o120000: 'it is a symbolic link',
  0o020000: 'it is a device',
  0o060000: 'it is a device',
  0o010000: 'it is a pipe',
  0o140000: 'it is a socket',
};

function checkEntry(where: string, entry: Entry): ZipEntry | undefined {
  const { generalPurposeBitFlag: flags, uncompressedSize: size, compressedSize: stored } = entry;
  const raw = entry.fileName as unknown as Buffer;
  const name = getFileNameLowLevel(flags, raw, entry.extraFields ?? [], true);
  const checked = checkEntryName(where, name);
  if (name.endsWith('/') && size === 0) return undefined;
  const kind = kinds[(entry.externalFileAttributes >>> 16) & 0o170000];
  if (kind !== undefined) throw refused(where, kind, name);
  if (entry.isEncrypted()) throw refused(where, 'it is encrypted', name);
  if (!entry.canDecodeFileData())
    throw refused(where, `it is compressed by method ${entry.compressionMethod}, not by deflate`, name);
  const bomb = bombFault(stored, size);
  if (bomb !== undefined) throw refused(where, bomb, name);
  return { name, ...checked, size, stored };
}

function checkTogether(where: string, found: ReadonlyMap<ZipEntry, Entry>): void {
  const names = new Set<string>();
  let [total, end] = [0, 0];
  const byPlace = [...found].toSorted(
    ([, a], [, b]) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader,
  );
  for (const [
    { name, key, size, stored },
    { relativeOffsetOfLocalHeader: start, fileNameLength },
  ] of byPlace) {
    if (names.has(key)) throw refused(where, 'there are two of that name', name);
    names.add(key);
    if (start < end) throw refused(where, 'it lies in the same bytes as another one', name);
    end = start + 30 + fileNameLength + stored;
    total += size;
    if (total > limits.archiveBytes) throw refused(where, `it holds ${total} bytes, more than any database`);
  }
}

async function* readEntry(
  zip: ZipFile,
  entry: Entry,
  { name, size, stored }: ZipEntry,
  where: string,
): AsyncGenerator<Uint8Array> {
  const ration = new Ration(where, name, () => stored);
  let crc = 0;
  let stream: Readable | undefined;
  try {
    stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      ration.count(chunk.length);
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    throw zipFailure(where, error, name);
  } finally {
    stream?.destroy();
  }
  if (ration.plain !== size)
    throw damagedArchive(where, `it has ${ration.plain} bytes, ${size} were announced`, name);
  if (crc !== entry.crc32) throw damagedArchive(where, 'its CRC-32 is not the one that was stored', name);
}

/** What yauzl says of an archive, as a failure; what is none of its words stays what it is. */
function zipFailure(where: string, error: unknown, entry?: string): unknown {
  if (isFailure(error) || !(error instanceof Error) || error.name === 'AbortError') return error;
  if (/encryption/i.test(error.message)) return refused(where, 'it is encrypted', entry);
  return damagedArchive(where, zlibFault(error) ?? error.message, entry, error);
}
