import { limits } from '@holdfast/base';
import { damaged } from '../source.ts';

/*
 * The seek table of zstd's seekable format 0.1.0 (contrib/seekable_format of zstd): a skippable frame, the last one,
 * that lists the frames before it. All numbers are little-endian and have 4 bytes, the descriptor has one:
 *
 *   magic 0x184D2A5E | size of what follows | { stored, plain, [checksum] } × frames | frames | descriptor | 0x8F92EAB1
 */

const skippableMagic = 0x184d2a5e;
const seekableMagic = 0x8f92eab1;
const headBytes = 8;
const checksumFlag = 0x80;
const reservedBits = 0x7c;

/** Bytes of the footer, which ends the table and so the object. */
export const footerBytes = 9;

/** One frame: bytes stored, bytes that it holds, and the lower half of XXH64 over these. */
export interface SeekEntry {
  readonly stored: number;
  readonly plain: number;
  readonly checksum: number;
}

/** Where every frame is. Frame `i` is stored from `stored[i]` to `stored[i + 1]`, and what it holds likewise. */
export interface SeekTable {
  readonly frames: number;
  readonly stored: Float64Array;
  readonly plain: Float64Array;
  /** None where the table has none. */
  readonly checksums: Uint32Array | undefined;
}

/** Writes a table with checksums. */
export function encodeSeekTable(entries: readonly SeekEntry[]): Uint8Array {
  const size = entries.length * 12 + footerBytes;
  const table = Buffer.alloc(headBytes + size);
  let at = table.writeUInt32LE(skippableMagic);
  at = table.writeUInt32LE(size, at);
  for (const { stored, plain, checksum } of entries) {
    for (const field of [stored, plain, checksum]) at = table.writeUInt32LE(field, at);
  }
  at = table.writeUInt32LE(entries.length, at);
  at = table.writeUInt8(checksumFlag, at);
  table.writeUInt32LE(seekableMagic, at);
  return table;
}

/**
 * How many bytes the table has, head and footer included, going by its footer.
 *
 * @param size bytes of the object
 * @throws object-damaged when it is no footer, or the table would not fit into the object
 */
export function seekTableBytes(footer: Uint8Array, size: number, name: string): number {
  const { frames, entryBytes } = parseFooter(footer, name);
  const bytes = headBytes + frames * entryBytes + footerBytes;
  if (frames > limits.seekTableFrames || bytes > size)
    throw damaged(name, `its seek table tells of ${frames} frames`);
  return bytes;
}

function parseFooter(bytes: Uint8Array, name: string): { frames: number; entryBytes: number } {
  const footer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (footer.length < footerBytes || footer.readUInt32LE(5) !== seekableMagic)
    throw damaged(name, 'it does not end with a seek table');
  const descriptor = footer[4]!;
  if ((descriptor & reservedBits) !== 0) throw damaged(name, 'its seek table is of a kind that is not known');
  return { frames: footer.readUInt32LE(), entryBytes: (descriptor & checksumFlag) === 0 ? 8 : 12 };
}

/**
 * Reads a whole table, whose length is {@link seekTableBytes}.
 *
 * @param size bytes of the object
 * @throws object-damaged when the frames that it lists do not fill the object, or one is larger than is read at once
 */
export function parseSeekTable(bytes: Uint8Array, size: number, name: string): SeekTable {
  const table = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const { frames, entryBytes } = parseFooter(bytes.subarray(-footerBytes), name);
  if (table.readUInt32LE() !== skippableMagic || table.readUInt32LE(4) !== bytes.length - headBytes)
    throw damaged(name, 'its seek table does not begin where it should');
  const stored = new Float64Array(frames + 1);
  const plain = new Float64Array(frames + 1);
  const checksums = entryBytes === 12 ? new Uint32Array(frames) : undefined;
  for (let i = 0, at = headBytes; i < frames; i++, at += entryBytes) {
    const [storedBytes, plainBytes] = [table.readUInt32LE(at), table.readUInt32LE(at + 4)];
    if (Math.max(storedBytes, plainBytes) > limits.seekFrameBytes)
      throw damaged(name, `its seek table tells of a frame of ${Math.max(storedBytes, plainBytes)} bytes`);
    stored[i + 1] = stored[i]! + storedBytes;
    plain[i + 1] = plain[i]! + plainBytes;
    if (checksums !== undefined) checksums[i] = table.readUInt32LE(at + 8);
  }
  if (stored[frames] !== size - bytes.length) {
    const told = `its seek table tells of ${stored[frames]} bytes of frames`;
    throw damaged(name, `${told}, and there are ${size - bytes.length}`);
  }
  return { frames, stored, plain, checksums };
}
