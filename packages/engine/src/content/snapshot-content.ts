import { openFileSource, type ByteSource } from '@holdfast/etcd/bolt';
import type { SnapshotSource } from '@holdfast/etcd/datadir';
import { type ContentWatch, type Repository, type SnapshotEntry } from '@holdfast/repository';
import { fileStream } from './file-stream.ts';

/**
 * The plain bytes of a snapshot, opened from wherever it lies. What opens or reads them throws file-unreadable; those of
 * a repository also key-missing, key-not-matching, object-damaged, and what storages throw.
 */
export interface SnapshotContent {
  /** What messages call it: a path, or a key of the repository. */
  readonly name: string;
  /** The file that has them as they are; null where nothing on a disk does. */
  readonly file: string | null;
  /** By position. @throws as above, from `read` too */
  open(signal?: AbortSignal): Promise<ByteSource>;
  /** From the beginning to the end. What is stored is shown to `watch`, where that is not the content itself. */
  stream(signal?: AbortSignal, watch?: ContentWatch): AsyncIterable<Uint8Array>;
  /** As a data directory is built from it. */
  readonly source: SnapshotSource;
}

/** That of a file on this machine. */
export function fileContent(path: string): SnapshotContent {
  return {
    name: path,
    file: path,
    open: async () => openFileSource(path),
    stream: (signal) => fileStream(path, signal),
    source: { file: path },
  };
}

/** That of a stored snapshot. */
export function storedContent(repository: Repository, entry: SnapshotEntry): SnapshotContent {
  const { path: name, plainFile, manifest } = entry;
  const stream = (signal?: AbortSignal, watch?: ContentWatch) =>
    untilAborted(repository.readContent(entry, watch), signal);
  if (plainFile !== null) return { ...fileContent(plainFile), stream };
  return {
    name,
    file: null,
    stream,
    open: async (signal) => {
      const content = await repository.openContent(entry, signal);
      return {
        name,
        size: content.size,
        read: async (target, position) => {
          const end = Math.min(content.size, position + target.length);
          if (end <= position) return 0;
          target.set(await content.read(position, end, signal));
          return end - position;
        },
        close: () => {},
      };
    },
    // Whoever builds from it copies each chunk before asking for the next one.
    source: { name, size: manifest.content.size, open: (signal) => stream(signal, { lend: true }) },
  };
}

async function* untilAborted(
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  for await (const bytes of stream) {
    signal?.throwIfAborted();
    yield bytes;
  }
}
