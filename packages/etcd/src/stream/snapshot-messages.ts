/** Takes a piece of the snapshot: `bytes` from `start` to `end`, good only during the call. */
export type TakeBlob = (bytes: Buffer, start: number, end: number) => void;

/** The field of etcdserverpb.SnapshotResponse that carries the snapshot. */
const blobField = 3;

const frameHead = 5;
const maxVarintBytes = 10;

type State = 'frame' | 'tag' | 'varint' | 'length' | 'bytes';

/**
 * Reads the answer of Maintenance/Snapshot from its bytes as they arrive: gRPC frames (one byte 0, four bytes of length)
 * with a protobuf message each. Of its fields only the blob counts: remaining_bytes leaves the trailer out, and whether all
 * has come is proven by the trailer alone. Blobs are passed on piece by piece where they lie; no message is ever put together.
 */
export class SnapshotMessages {
  readonly #take: TakeBlob;
  #state: State = 'frame';
  #headRead = 0;
  /** Bytes of the message that are not read yet. */
  #message = 0;
  #tag = 0;
  #value = 0;
  #varintBytes = 0;
  /** Bytes of the length-delimited field that are not read yet. */
  #field = 0;

  constructor(take: TakeBlob) {
    this.#take = take;
  }

  /** Whether the bytes so far end with a whole message. */
  get atBoundary(): boolean {
    return this.#state === 'frame' && this.#headRead === 0;
  }

  /** @throws MalformedStream when the bytes are no such messages */
  read(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#state === 'bytes') at = this.#readBytes(chunk, at);
      else this.#readByte(chunk[at++]!);
    }
  }

  #readBytes(chunk: Buffer, start: number): number {
    const end = Math.min(chunk.length, start + this.#field);
    if (this.#tag >>> 3 === blobField) this.#take(chunk, start, end);
    this.#field -= end - start;
    this.#message -= end - start;
    if (this.#field === 0) this.#nextField();
    return end;
  }

  #readByte(byte: number): void {
    if (this.#state === 'frame') {
      this.#readFrameHead(byte);
      return;
    }
    if (this.#message === 0) throw new MalformedStream('a message ends within a field');
    this.#message -= 1;
    // Not shifted: remaining_bytes may be beyond 2^31.
    this.#value += (byte & 0x7f) * 2 ** (7 * this.#varintBytes);
    this.#varintBytes += 1;
    if (byte >= 0x80) {
      if (this.#varintBytes === maxVarintBytes) throw new MalformedStream('a number is too long');
      return;
    }
    this.#endVarint(this.#value);
  }

  #readFrameHead(byte: number): void {
    if (this.#headRead === 0 && byte !== 0) throw new MalformedStream('a message is compressed');
    this.#message = this.#headRead === 0 ? 0 : this.#message * 256 + byte;
    this.#headRead += 1;
    if (this.#headRead < frameHead) return;
    this.#headRead = 0;
    this.#nextField();
  }

  #endVarint(value: number): void {
    this.#value = 0;
    this.#varintBytes = 0;
    if (this.#state === 'tag') {
      this.#tag = value;
      if (value % 8 === 0) this.#state = 'varint';
      else if (value % 8 === 2) this.#state = 'length';
      else throw new MalformedStream(`a field has the wire type ${value % 8}`);
    } else if (this.#state === 'varint' || value === 0) {
      this.#nextField();
    } else {
      if (value > this.#message) throw new MalformedStream('a field is longer than its message');
      this.#field = value;
      this.#state = 'bytes';
    }
  }

  #nextField(): void {
    this.#state = this.#message === 0 ? 'frame' : 'tag';
  }
}

/** The peer sends something else than snapshot messages. */
export class MalformedStream extends Error {
  override readonly name = 'MalformedStream';
}
