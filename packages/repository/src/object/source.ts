import { Failure } from '@holdfast/base';

/** Bytes that are read by position: a file, an object in a bucket, or what one of these holds inside. */
export interface ByteSource {
  /** What it is called in messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /**
   * The bytes from `start` up to and without `end`; both lie within the source.
   *
   * @throws object-damaged when what is there is not what was written; whatever a storage throws; the signal's reason
   */
  read(start: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** A damaged object, with the reason. */
export function damaged(name: string, why: string): Failure {
  return new Failure('object-damaged', why, { path: name });
}

/** Reads a range and takes nothing less, and nothing more, for an answer. */
export async function readExactly(
  source: ByteSource,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (end === start) return new Uint8Array(0);
  const bytes = await source.read(start, end, signal);
  if (bytes.length === end - start) return bytes;
  throw damaged(source.name, `of the ${end - start} bytes at ${start} there came ${bytes.length}`);
}

/** Refuses a range that is none, or that lies outside. @throws RangeError */
export function checkRange(source: ByteSource, start: number, end: number): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end) {
    if (end <= source.size) return;
  }
  throw new RangeError(`${start} to ${end} is no range of ${source.size} bytes`);
}
