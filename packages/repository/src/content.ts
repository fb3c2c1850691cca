import { createHash } from 'node:crypto';
import { Failure } from '@holdfast/base';
import type { Encoding, SnapshotManifest } from '@holdfast/model';
import type { KeyRing } from './keys/key-ring.ts';
import { objectFile, snapshotFolder } from './layout.ts';
import {
  expand,
  type ExpandOptions,
  openSealed,
  openSeekable,
  unseal,
  type ByteSource,
} from './object/index.ts';
import type { SnapshotId } from './repository.ts';
import { pathOf } from './storage/path-of.ts';
import type { Storage } from './storage/storage.ts';

/** A snapshot whose content is read. */
export type StoredSnapshot = SnapshotId & {
  readonly manifest: Pick<SnapshotManifest, 'objects' | 'content'>;
};

/** How a content is read, and who looks at it meanwhile. */
export interface ContentWatch {
  /** Whether a chunk is only lent until the next one is asked for, and empty afterwards: less work for the garbage collector. */
  readonly lend?: boolean;
  /** Told of the stored bytes, in order, before they are opened: all of them when the content ends without an error. */
  readonly onStored?: (bytes: Uint8Array) => void;
}

/**
 * The content of a snapshot, opened: the bytes that etcd sent, in order. That they are those of the manifest is known
 * when the reader has compared their SHA-256; that none is missing, when it ends without an error.
 *
 * @throws key-missing, key-not-matching, object-damaged, what storages throw
 */
export async function* readContent(
  storage: Storage,
  ring: KeyRing,
  snapshot: StoredSnapshot,
  { onStored, lend = false }: ContentWatch = {},
): AsyncGenerator<Uint8Array> {
  const { key, object, path } = snapshotObject(storage, snapshot);
  const { size } = snapshot.manifest.content;
  const read = storage.read(key);
  const stored = onStored === undefined ? read : watched(read, onStored);
  let length = 0;
  for await (const plain of decoded(stored, object.encoding, ring, { name: path, atMost: size, lend })) {
    length += plain.length;
    yield plain;
  }
  if (length === size) return;
  throw new Failure('object-damaged', `it holds ${length} of ${size} bytes`, { path });
}

async function* watched(
  stored: AsyncIterable<Uint8Array>,
  onStored: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of stored) {
    onStored(bytes);
    yield bytes;
  }
}

async function* decoded(
  stored: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  ring: KeyRing,
  options: ExpandOptions,
): AsyncGenerator<Uint8Array> {
  if (encoding === 'plain') {
    yield* stored;
    return;
  }
  const compressed =
    encoding === 'zstd' ? stored : unseal(stored, await ring.opening(), options.name, { lend: true });
  yield* expand(compressed, options);
}

/**
 * The content of a snapshot by position: a page takes one request, without the rest.
 *
 * @throws key-missing, key-not-matching, object-damaged, what storages throw
 */
export async function openContent(
  storage: Storage,
  ring: KeyRing,
  snapshot: StoredSnapshot,
  signal?: AbortSignal,
): Promise<ByteSource> {
  const { key, object, path } = snapshotObject(storage, snapshot);
  const stored = storedSource(storage, key, object.size, path);
  if (object.encoding === 'plain') return stored;
  const compressed =
    object.encoding === 'zstd' ? stored : await openSealed(stored, await ring.opening(), signal);
  return await openSeekable(compressed, signal);
}

/**
 * The companions of a snapshot as the tar that they are; undefined when it has none. Anybody can seal for a public key, so
 * what is stored has to be what the manifest says, which shows when the stream ends.
 *
 * @throws key-missing, key-not-matching, object-damaged, what storages throw
 */
export function readCompanions(
  storage: Storage,
  ring: KeyRing,
  snapshot: StoredSnapshot,
): AsyncIterable<Uint8Array> | undefined {
  const object = snapshot.manifest.objects.find(({ role }) => role === 'companions');
  if (object === undefined) return undefined;
  const key = `${snapshotFolder(snapshot.cluster.id, snapshot.name)}/${objectFile(object)}`;
  return opened(storage, ring, key, object.sha256);
}

async function* opened(
  storage: Storage,
  ring: KeyRing,
  key: string,
  expected: string,
): AsyncGenerator<Uint8Array> {
  const path = pathOf(storage, key);
  const hash = createHash('sha256');
  yield* unseal(
    watched(storage.read(key), (bytes) => hash.update(bytes)),
    await ring.opening(),
    path,
  );
  const sha256 = hash.digest('hex');
  if (sha256 === expected) return;
  throw new Failure('object-damaged', `its SHA-256 is ${sha256}, the manifest says ${expected}`, { path });
}

function snapshotObject(
  storage: Storage,
  { cluster, name, manifest }: StoredSnapshot,
): { key: string; object: SnapshotManifest['objects'][number]; path: string } {
  const object = manifest.objects.find(({ role }) => role === 'snapshot');
  if (object === undefined) throw new RangeError(`the manifest of ${name} names no snapshot`);
  const key = `${snapshotFolder(cluster.id, name)}/${objectFile(object)}`;
  return { key, object, path: pathOf(storage, key) };
}

/** A stored object by position. */
function storedSource(storage: Storage, key: string, size: number, name: string): ByteSource {
  return {
    name,
    size,
    async read(start, end, signal) {
      const parts: Uint8Array[] = [];
      for await (const part of storage.read(key, { start, end })) {
        signal?.throwIfAborted();
        parts.push(part);
      }
      return Buffer.concat(parts);
    },
  };
}
