import { type ByteSource, checkRange, damaged, readExactly } from '../source.ts';
import { expandWhole } from './expand-frame.ts';
import { checksumBytes, measureFrame } from './frame.ts';
import { footerBytes, parseSeekTable, type SeekTable, seekTableBytes } from './seek-table.ts';

/** Bytes read from the end at first: the table of 5 GiB in frames of 1 MiB. */
const tailBytes = 64 * 1024;
/** Decompressed frames that are kept: neighbouring pages of a tree are often asked for one after another. */
const keptFrames = 8;

/**
 * Opens an object in zstd's seekable format as what it holds. Reads its seek table now, in one request or two, and later
 * only the frames in which a range lies, one request each.
 *
 * @throws object-damaged when it has no seek table, or one that does not fit; the same from `read` when a frame is not
 *   what the table says
 */
export async function openSeekable(source: ByteSource, signal?: AbortSignal): Promise<ByteSource> {
  const { name, size } = source;
  if (size < footerBytes) throw damaged(name, 'it does not end with a seek table');
  const tail = await readExactly(source, size - Math.min(size, tailBytes), size, signal);
  const bytes = seekTableBytes(tail.subarray(-footerBytes), size, name);
  const whole =
    bytes <= tail.length ? tail.subarray(-bytes) : await readExactly(source, size - bytes, size, signal);
  return new SeekableSource(source, parseSeekTable(whole, size, name));
}

class SeekableSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #stored: ByteSource;
  readonly #table: SeekTable;
  readonly #kept = new Map<number, Uint8Array>();

  constructor(stored: ByteSource, table: SeekTable) {
    this.name = stored.name;
    this.size = table.plain[table.frames]!;
    this.#stored = stored;
    this.#table = table;
  }

  async read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    checkRange(this, start, end);
    const { plain } = this.#table;
    const target = Buffer.allocUnsafe(end - start);
    for (let at = start, i = frameAt(plain, start); at < end; i++) {
      const from = at - plain[i]!;
      const part = (await this.#frame(i, signal)).subarray(from, from + end - at);
      target.set(part, at - start);
      at += part.length;
    }
    return target;
  }

  async #frame(i: number, signal?: AbortSignal): Promise<Uint8Array> {
    const frame = this.#kept.get(i) ?? (await this.#fetch(i, signal));
    this.#kept.delete(i);
    this.#kept.set(i, frame);
    if (this.#kept.size > keptFrames) this.#kept.delete(this.#kept.keys().next().value!);
    return frame;
  }

  async #fetch(i: number, signal?: AbortSignal): Promise<Uint8Array> {
    const { stored, plain, checksums } = this.#table;
    const length = plain[i + 1]! - plain[i]!;
    if (length === 0) return new Uint8Array(0);
    const bytes = await readExactly(this.#stored, stored[i]!, stored[i + 1]!, signal);
    checkFrame(bytes, length, checksums?.[i], this.name);
    return expandWhole(bytes, length, this.name);
  }
}

/** The frame that holds the byte at `position`, or the one behind the last. */
function frameAt(starts: Float64Array, position: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= position) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Compares a frame with its entry in the table; zstd itself looks at the rest. */
function checkFrame(bytes: Uint8Array, length: number, checksum: number | undefined, name: string): void {
  const frame = measureFrame(bytes, name);
  const { contentSize = length, hasChecksum } = frame.header;
  const trailer = Buffer.from(bytes.buffer, bytes.byteOffset + bytes.length - checksumBytes, checksumBytes);
  const other = checksum !== undefined && hasChecksum && trailer.readUInt32LE() !== checksum;
  if (frame.length !== bytes.length || contentSize !== length || other)
    throw damaged(name, 'a frame is not what the seek table says');
}
