import { createHash } from 'node:crypto';
import { bucketElementFlag, type LeafElement } from '../bolt/index.ts';
import { appendBucket, appendTree, metaImage, PageAppender } from '../bolt/build/index.ts';
import { formatRevision } from '../mvcc/index.ts';
import { bytesField, integerField } from '../raft/protobuf.ts';

/** A record as etcd has it: a put of key `k` at revision `main`, with a value of `size` bytes. */
export function recordOf(main: number, size: number): LeafElement {
  const numbers = [integerField(2, 1), integerField(3, main), integerField(4, main)];
  const value = size === 0 ? [] : [bytesField(5, Buffer.alloc(size, main))];
  return {
    flags: 0,
    key: formatRevision({ main, sub: 0, tombstone: false }),
    value: Buffer.concat([bytesField(1, Buffer.from('k')), ...numbers, ...value]),
  };
}

/** A pair of a small bucket. */
export function pairOf(key: string, value: Uint8Array | string): LeafElement {
  return { flags: 0, key: Buffer.from(key, 'latin1'), value: Buffer.from(value) };
}

/** A db that is made page by page in memory, for tests. */
export class ImageInMemory {
  readonly pages: PageAppender;
  readonly #buckets = new Map<string, Buffer>();
  #bytes = Buffer.alloc(1 << 16);

  constructor(pageSize: number) {
    this.pages = new PageAppender(pageSize, 2, async (bytes, at) => this.#put(bytes, at));
  }

  /** Gives a bucket its value. */
  set(name: string, value: Buffer): void {
    this.#buckets.set(name, value);
  }

  /** Makes a bucket of elements, keys ascending. */
  async fill(name: string, elements: readonly LeafElement[]): Promise<void> {
    this.set(name, await appendBucket(this.pages, elements, 0n));
  }

  /** The bytes of a whole db with the buckets so far; more can be added behind it. */
  async finish(): Promise<Buffer> {
    const { pageSize } = this.pages;
    const names = [...this.#buckets.keys()].toSorted();
    const root = await appendTree(
      this.pages,
      names.map((name) => ({ ...pairOf(name, this.#buckets.get(name)!), flags: bucketElementFlag })),
    );
    for (const id of [0, 1] as const) {
      const meta = { pageSize, root, sequence: 0n, pages: this.pages.nextPage, transaction: BigInt(6 - id) };
      this.#put(metaImage(id, meta), id * pageSize);
    }
    return Buffer.from(this.#bytes.subarray(0, this.pages.nextPage * pageSize));
  }

  #put(bytes: Buffer, at: number): void {
    const end = at + bytes.length;
    if (end > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(Math.max(end, this.#bytes.length))]);
    }
    bytes.copy(this.#bytes, at);
  }
}

/** A db with the SHA-256 behind it that makes it a snapshot. */
export function withTrailer(db: Buffer): Buffer {
  return Buffer.concat([db, createHash('sha256').update(db).digest()]);
}
