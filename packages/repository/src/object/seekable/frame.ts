import { formatBytes, limits } from '@holdfast/base';
import { damaged } from '../source.ts';

/*
 * The outside of a zstd frame (RFC 8878, section 3.1.1): enough to know where it ends without decompressing it. So a
 * frame that is cut is told from a whole one whatever the library does, and one library call gets one frame.
 */

/** The magic number of a frame, as a little-endian number. */
export const frameMagic = 0xfd2fb528;
/** Bytes of a block's header. */
export const blockHeaderBytes = 3;
/** Bytes of a frame's checksum: the lower half of XXH64 over what the frame holds. */
export const checksumBytes = 4;

/** What the header of a frame says. */
export interface FrameHeader {
  /** Bytes of the header after the magic number and the descriptor, which is the first byte after that. */
  readonly bytes: number;
  /** Bytes that the frame holds, where it tells. */
  readonly contentSize: number | undefined;
  readonly hasChecksum: boolean;
}

/** Whether a magic number is that of a skippable frame. */
export function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}

/** How many bytes of a header follow its descriptor. */
export function headerBytesAfter(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const size = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  return (singleSegment ? 0 : 1) + dictionaryBytes(descriptor) + size;
}

function dictionaryBytes(descriptor: number): number {
  return [0, 1, 2, 4][descriptor & 3]!;
}

/**
 * Reads the header of a frame: its descriptor, and the bytes that follow.
 *
 * @throws object-damaged when it is none, or asks for a dictionary or for more memory than there is for it
 */
export function parseFrameHeader(descriptor: number, rest: Uint8Array, name: string): FrameHeader {
  if ((descriptor & 0x08) !== 0) throw damaged(name, 'a zstd frame uses a bit that is reserved');
  const singleSegment = (descriptor & 0x20) !== 0;
  const view = Buffer.from(rest.buffer, rest.byteOffset, rest.length);
  const dictionary = dictionaryBytes(descriptor);
  const start = singleSegment ? 0 : 1;
  if (dictionary > 0 && view.readUIntLE(start, dictionary) !== 0)
    throw damaged(name, 'a zstd frame needs a dictionary');
  const contentSize = parseContentSize(descriptor >> 6, view.subarray(start + dictionary));
  const window = singleSegment ? contentSize! : windowSize(view[0]!);
  if (window > limits.zstdWindowBytes) {
    throw damaged(
      name,
      `a zstd frame needs ${formatBytes(window)} of memory, which is more than is given to one`,
    );
  }
  return { bytes: rest.length, contentSize, hasChecksum: (descriptor & 0x04) !== 0 };
}

function parseContentSize(flag: number, field: Buffer): number | undefined {
  if (field.length === 0) return undefined;
  if (flag === 1) return field.readUInt16LE() + 256;
  return flag === 3 ? Number(field.readBigUInt64LE()) : field.readUIntLE(0, field.length);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** What the header of a block says: how many bytes follow it, and whether it is the frame's last. */
export function parseBlockHeader(bytes: Uint8Array, name: string): { stored: number; last: boolean } {
  const header = bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16);
  const type = (header >> 1) & 3;
  const size = header >> 3;
  if (type === 3 || size > 128 * 1024) throw damaged(name, 'a zstd frame has a block of no known kind');
  return { stored: type === 1 ? 1 : size, last: (header & 1) === 1 };
}

/**
 * Measures the frame that begins these bytes. @returns its length in bytes and what its header says
 * @throws object-damaged when there is no whole frame
 */
export function measureFrame(bytes: Uint8Array, name: string): { length: number; header: FrameHeader } {
  const cut = () => damaged(name, 'a zstd frame is cut off');
  if (bytes.length < 5) throw cut();
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.readUInt32LE() !== frameMagic) throw damaged(name, 'a zstd frame does not begin where it should');
  const headerEnd = 5 + headerBytesAfter(bytes[4]!);
  if (bytes.length < headerEnd) throw cut();
  const header = parseFrameHeader(bytes[4]!, bytes.subarray(5, headerEnd), name);
  let at = headerEnd;
  for (let last = false; !last;) {
    if (bytes.length < at + blockHeaderBytes) throw cut();
    const block = parseBlockHeader(bytes.subarray(at), name);
    at += blockHeaderBytes + block.stored;
    last = block.last;
  }
  const length = at + (header.hasChecksum ? checksumBytes : 0);
  if (bytes.length < length) throw cut();
  return { length, header };
}
