import type { ForeignPlace } from '../foreign.ts';
import { readPart } from '../place/read-part.ts';
import type { ArchiveFile } from './archive-file.ts';

/** The bytes of a tar, front to back. */
export interface TarBytes {
  /** Where the next byte lies. */
  readonly at: number;
  /** The next bytes; fewer only at the end. */
  take(length: number): Promise<Buffer>;
  /** The next bytes as they come; fewer only at the end. */
  content(length: number): AsyncIterable<Uint8Array>;
  /** Passes over bytes; how many there were. */
  skip(length: number): Promise<number>;
  /** Stops reading. */
  close(): Promise<void>;
}

/** A tar that is not compressed: what is passed over is not read. */
export class PlainTar implements TarBytes {
  at = 0;
  readonly #place: ForeignPlace;
  readonly #file: ArchiveFile;

  constructor(place: ForeignPlace, file: ArchiveFile) {
    this.#place = place;
    this.#file = file;
  }

  async take(length: number): Promise<Buffer> {
    const found = await readPart(this.#place, this.#file.path, this.at, this.#end(length));
    this.at += found.length;
    return found;
  }

  async *content(length: number): AsyncGenerator<Uint8Array> {
    const end = this.#end(length);
    if (end <= this.at) return;
    for await (const chunk of this.#place.read(this.#file.path, { start: this.at, end })) {
      this.at += chunk.length;
      yield chunk;
    }
  }

  async skip(length: number): Promise<number> {
    const start = this.at;
    this.at = this.#end(length);
    return this.at - start;
  }

  async close(): Promise<void> {}

  #end(length: number): number {
    return Math.min(this.at + length, this.#file.size);
  }
}

/** A tar that comes as a stream. */
export class StreamedTar implements TarBytes {
  at = 0;
  readonly #chunks: AsyncGenerator<Uint8Array>;
  #left: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncGenerator<Uint8Array>) {
    this.#chunks = chunks;
  }

  async take(length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const part of this.content(length)) parts.push(part);
    return Buffer.concat(parts);
  }

  async *content(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      if (this.#left.length === 0) {
        const next = await this.#chunks.next();
        if (next.done === true) return;
        this.#left = next.value;
      }
      const part = this.#left.subarray(0, left);
      this.#left = this.#left.subarray(part.length);
      this.at += part.length;
      left -= part.length;
      if (part.length > 0) yield part;
    }
  }

  async skip(length: number): Promise<number> {
    const start = this.at;
    for await (const part of this.content(length)) void part;
    return this.at - start;
  }

  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}
