import { limits } from '@holdfast/base';
import { ByteQueue } from '../byte-queue.ts';
import { inOrder } from '../in-order.ts';
import { type Lending, release } from '../lending.ts';
import { damaged } from '../source.ts';
import { expandStream, expandWhole } from './expand-frame.ts';
import {
  blockHeaderBytes,
  checksumBytes,
  type FrameHeader,
  frameMagic,
  headerBytesAfter,
  isSkippable,
  parseBlockHeader,
  parseFrameHeader,
} from './frame.ts';

/** How a stream of frames is decompressed. */
export interface ExpandOptions extends Lending {
  /** What it is called in messages. */
  readonly name: string;
  /** Plain bytes at most: more is refused as soon as it comes. */
  readonly atMost: number;
}

/**
 * Decompresses a stream of zstd frames from its beginning to its end, as `zstd -d` does: any standard frames one after
 * another, skippable ones (a seek table is one) passed over. It is not told whether frames are missing at the end: compare
 * the plain size. Small frames are decompressed several at once, large ones as they come.
 *
 * @throws object-damaged when a frame is cut, altered or none, when there is none, or when it holds more than `atMost`
 */
export async function* expand(
  stored: AsyncIterable<Uint8Array>,
  { name, atMost, lend = false }: ExpandOptions,
): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(stored);
  const tooMuch = () => damaged(name, `it holds more than the ${atMost} bytes that it should`);
  try {
    let length = 0;
    for await (const { plain, alone } of inOrder(piecesOf(queue, name, atMost, tooMuch))) {
      length += plain.length;
      if (length > atMost) throw tooMuch();
      yield plain;
      if (lend && alone) release(plain);
    }
  } finally {
    await queue.close();
  }
}

/** What comes of a piece, and whether it is alone in its memory. */
type Piece = () => Promise<{ readonly plain: Uint8Array; readonly alone: boolean }>;

async function* piecesOf(
  queue: ByteQueue,
  name: string,
  atMost: number,
  tooMuch: () => Error,
): AsyncGenerator<Piece> {
  let [told, frames] = [0, 0];
  for (; ; frames++) {
    const magic = await queue.take(4);
    if (magic.length === 0) break;
    const number = readUInt32(magic, name);
    if (isSkippable(number)) {
      await passOver(queue, name);
      continue;
    }
    if (number !== frameMagic) throw damaged(name, 'a zstd frame does not begin where it should');
    const { header, bytes } = await takeFrameHeader(queue, magic, name);
    const holds = header.contentSize;
    told += holds ?? 0;
    if (told > atMost) throw tooMuch();
    if (holds !== undefined && holds <= limits.expandWholeBytes) {
      const whole = await gather(queue, header, bytes, holds, name);
      yield async () => {
        const plain = await expandWhole(whole, holds, name);
        release(whole);
        return { plain, alone: true };
      };
    } else {
      const frame = frameOf((count) => takeExactly(queue, count, name), header, bytes, name);
      for await (const plain of expandStream(frame, name)) yield async () => ({ plain, alone: false });
    }
  }
  if (frames === 0) throw damaged(name, 'it is empty');
}

function readUInt32(bytes: Uint8Array, name: string): number {
  if (bytes.length < 4) throw cutOff(name);
  return Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE();
}

function cutOff(name: string): Error {
  return damaged(name, 'a zstd frame is cut off');
}

async function passOver(queue: ByteQueue, name: string): Promise<void> {
  const size = readUInt32(await queue.take(4), name);
  let passed = 0;
  for await (const part of queue.pass(size)) passed += part.length;
  if (passed < size) throw cutOff(name);
}

async function takeFrameHeader(
  queue: ByteQueue,
  magic: Uint8Array,
  name: string,
): Promise<{ header: FrameHeader; bytes: Uint8Array }> {
  const descriptor = await takeExactly(queue, 1, name);
  const rest = await takeExactly(queue, headerBytesAfter(descriptor[0]!), name);
  const header = parseFrameHeader(descriptor[0]!, rest, name);
  return { header, bytes: Buffer.concat([magic, descriptor, rest]) };
}

async function takeExactly(queue: ByteQueue, count: number, name: string): Promise<Uint8Array> {
  const bytes = await queue.take(count);
  if (bytes.length < count) throw cutOff(name);
  return bytes;
}

/**
 * The bytes of a frame as they come, from its header to its end.
 *
 * @param take gives the next so many bytes
 */
async function* frameOf(
  take: (count: number) => Promise<Uint8Array>,
  header: FrameHeader,
  bytes: Uint8Array,
  name: string,
): AsyncGenerator<Uint8Array> {
  yield bytes;
  for (let last = false; !last;) {
    const blockHeader = await take(blockHeaderBytes);
    const block = parseBlockHeader(blockHeader, name);
    yield blockHeader;
    yield await take(block.stored);
    last = block.last;
  }
  if (header.hasChecksum) yield await take(checksumBytes);
}

/** A whole small frame, alone in its memory. One that takes much more room than what it holds is made to fill the memory. */
async function gather(
  queue: ByteQueue,
  header: FrameHeader,
  bytes: Uint8Array,
  holds: number,
  name: string,
): Promise<Uint8Array> {
  // What is not filled takes no memory.
  const room = Buffer.allocUnsafeSlow(2 * holds + 64 * 1024);
  room.set(bytes);
  let length = 0;
  const take = async (count: number): Promise<Uint8Array> => {
    if (length + count > room.length)
      throw damaged(name, `a zstd frame of ${holds} bytes takes more than ${room.length}`);
    const part = room.subarray(length, length + count);
    if ((await queue.takeInto(part)) < count) throw cutOff(name);
    return part;
  };
  for await (const part of frameOf(take, header, bytes, name)) length += part.length;
  return room.subarray(0, length);
}
