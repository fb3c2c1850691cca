import type { Failure } from '@holdfast/base';

/** What a storage knows of one object without reading it. */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
  /** Until when nobody may remove it, where the storage can see to that and tells it; only `stat` does. */
  readonly lock?: ObjectLock;
  /** Whether somebody holds it in its bucket (S3's legal hold), until that is lifted; only `stat` tells. */
  readonly legalHold?: true;
}

/** `governance` can be lifted by those who have the right to, `compliance` by nobody. */
export interface ObjectLock {
  readonly mode: 'governance' | 'compliance';
  readonly until: Date;
}

/** A part of an object in bytes; `end` is the first byte that is not read. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One large object on its way in: invisible under its key until it is placed, whole and durable. */
export interface ObjectWriter {
  /** The unfinished object as a file of this machine, readable until it is placed; undefined where there is none. */
  readonly path: string | undefined;
  /** Names the unfinished object, so that `create` can go on with it after a restart; undefined where it cannot. */
  readonly resume?: string | undefined;
  /** Appends; blocks of 1 MiB and more are fast. The chunk may be reused once this returns or resolves. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Makes what was written durable; a bucket does so with whole parts, and with the rest when it is placed. */
  sync(): Promise<void>;
  /**
   * Syncs and puts the object under its key; false when something was there, which is left alone. May be called again
   * when it failed in a way that passes (`isRetryable`).
   */
  place(): Promise<boolean>;
  /** Removes what is not placed. Safe to call at any time, any number of times; never rejects. */
  discard(): Promise<void>;
}

/**
 * Where a repository's objects are. Narrow, so that a folder and a bucket can both be one:
 *
 * - A key is a relative path with `/` between its parts (`checkKey`); another one is a RangeError.
 * - An object is written once and whole: it is there with all its bytes or not at all, and what has been reported as
 *   written survives a power cut. Of two writers of one key exactly one wins, and the other is told.
 * - A write is seen by every read that begins after it.
 * - A folder is only a part of keys: it appears with its first object and goes with its last.
 *
 * Every method throws `disk-full`, `file-unwritable` or `file-unreadable` when the storage itself fails; a bucket
 * also the `s3-` ones.
 */
export interface Storage {
  /** Where it is, as its user would write it. */
  readonly location: string;
  /** Writes a small object; false when the key is taken, and then nothing is changed. */
  put(key: string, content: Uint8Array): Promise<boolean>;
  /**
   * Begins a large object.
   *
   * @param resume what an earlier writer of this key called itself: the same content is to be written once more from its
   *   beginning, and what has arrived of it is not sent again. A name that is not known any more begins anew.
   */
  create(key: string, resume?: string): Promise<ObjectWriter>;
  /** A small object; undefined when there is none. @throws manifest-damaged when it has more than `limit` bytes */
  get(key: string, limit: number): Promise<Uint8Array | undefined>;
  /** The bytes of an object, or of a part of it, in order; every chunk is the reader's own. */
  read(key: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  stat(key: string): Promise<StoredObject | undefined>;
  /**
   * Every object below a folder, all of them for `''`, in order of keys within each folder.
   *
   * @param passOver told of each key below it that cannot be read and of why, and the listing goes on; without it the
   *   first one ends the listing
   */
  list(folder: string, passOver?: (key: string, why: Failure) => void): AsyncIterable<StoredObject>;
  /** Removes an object; false when there was none. */
  delete(key: string): Promise<boolean>;
  /** Whether nothing at all is here yet, not even things that are no objects. */
  isEmpty(): Promise<boolean>;
  /** Removes unplaced objects that nobody has written to since `before`; returns how many. */
  removeStale(before: Date): Promise<number>;
  /** The object as a file of this machine, for reading by position; undefined where the storage has no files. */
  localPath(key: string): string | undefined;
}
