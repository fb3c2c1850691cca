import { Failure } from '@holdfast/base';
import type { ForeignFile, ForeignPlace } from '../foreign.ts';

/** A file of a place in memory. */
export interface MemoryFile {
  readonly content: Uint8Array;
  readonly modifiedAt?: Date;
  /** As a bucket keeps it beside the object. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A place in memory that counts the bytes that are read. */
export interface MemoryPlace extends ForeignPlace {
  readonly bytesRead: number;
  /** The file as a listing shows it. */
  file(path: string): ForeignFile;
  files(): ForeignFile[];
}

const longAgo = new Date('2026-01-02T03:04:05Z');

/** A place of these files; it has metadata as soon as one of them has. @param location as a user would write it */
export function memoryPlace(
  files: Readonly<Record<string, Uint8Array | MemoryFile>>,
  location = '/backups',
): MemoryPlace {
  let bytesRead = 0;
  const all = new Map(
    Object.entries(files).map(([path, file]) => [
      path,
      file instanceof Uint8Array ? { content: file } : file,
    ]),
  );
  const find = (path: string): MemoryFile => {
    const found = all.get(path);
    if (found === undefined) throw new Failure('file-unreadable', 'there is none', { path });
    return found;
  };
  const listed = (path: string): ForeignFile => {
    const { content, modifiedAt = longAgo } = find(path);
    return { path, size: content.length, modifiedAt };
  };
  const inBucket = [...all.values()].some(({ metadata }) => metadata !== undefined);
  return {
    location,
    get bytesRead() {
      return bytesRead;
    },
    file: listed,
    files: () => [...all.keys()].map(listed),
    async *list() {
      for (const path of all.keys()) yield listed(path);
    },
    async *read(path, { start, end } = { start: 0, end: Infinity }) {
      const { content } = find(path);
      const most = Math.min(end, content.length);
      for (let at = start; at < most; at += 64 * 1024) {
        const part = content.subarray(at, Math.min(at + 64 * 1024, most));
        bytesRead += part.length;
        yield part;
      }
    },
    ...(inBucket && { metadata: async (path: string) => find(path).metadata ?? {} }),
  };
}
