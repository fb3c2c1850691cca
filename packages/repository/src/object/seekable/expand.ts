import { limits } from '@holdfast/base';
import { ByteQueue } from '../byte-queue.ts';
import { inOrder } from '../in-order.ts';
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
export interface ExpandOptions {
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
  { name, atMost }: ExpandOptions,
): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(stored);
  const tooMuch = () => damaged(name, `it holds more than the ${atMost} bytes that it should`);
  try {
    let length = 0;
    for await (const plain of inOrder(piecesOf(queue, name, atMost, tooMuch))) {
      length += plain.length;
      if (length > atMost) throw tooMuch();
      yield plain;
    }
  } finally {
    await queue.close();
  }
}

type Piece = () => Promise<Uint8Array>;

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
    const frame = frameOf(queue, header, bytes, name);
    if (holds !== undefined && holds <= limits.expandWholeBytes) {
      const whole = await gather(frame, holds, name);
      yield async () => expandWhole(whole, holds, name);
    } else {
      for await (const plain of expandStream(frame, name)) yield async () => plain;
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

/** The bytes of a frame as they come, from its header to its end. */
async function* frameOf(
  queue: ByteQueue,
  header: FrameHeader,
  bytes: Uint8Array,
  name: string,
): AsyncGenerator<Uint8Array> {
  yield bytes;
  for (let last = false; !last;) {
    const blockHeader = await takeExactly(queue, blockHeaderBytes, name);
    const block = parseBlockHeader(blockHeader, name);
    yield blockHeader;
    yield await takeExactly(queue, block.stored, name);
    last = block.last;
  }
  if (header.hasChecksum) yield await takeExactly(queue, checksumBytes, name);
}

/** A whole small frame. One that takes much more room than what it holds is made to fill the memory. */
async function gather(frame: AsyncIterable<Uint8Array>, holds: number, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of frame) {
    parts.push(part);
    length += part.length;
    if (length > 2 * holds + 64 * 1024)
      throw damaged(name, `a zstd frame of ${holds} bytes takes more than ${length}`);
  }
  return Buffer.concat(parts, length);
}
