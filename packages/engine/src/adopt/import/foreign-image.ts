import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { Failure, isFailure } from '@holdfast/base';
import type { ByteSource } from '@holdfast/etcd/bolt';
import {
  readPosition,
  trailerSize,
  verifySnapshotFile,
  type ContentHashes,
  type SnapshotPosition,
  type Verification,
} from '@holdfast/etcd/snapshot';
import type { VerbContext } from '../../context.ts';
import { fillScratch, openScratch } from '../../scratch/index.ts';
import { type DatadirImage, openDatadirImage } from '../datadir-image.ts';
import type { ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { readImage } from '../read-image.ts';
import { blocksOf, withTrailer } from './image-with-trailer.ts';

/** The content of a foreign snapshot, as etcd's own tool would have written it, and all that its verification found. */
export interface ForeignImage extends AsyncDisposable {
  /** Readable until the image is disposed of. */
  readonly source: ByteSource;
  /** Of the content, trailer included. */
  readonly hashes: ContentHashes;
  /** SHA-256 of the file as it lies in its place, of what was made of it where that is a folder; hexadecimal. */
  readonly fileSha256: string;
  /** Null when it is too damaged to tell. */
  readonly position: SnapshotPosition | null;
  readonly verification: Verification;
  /** What was added or left out, a sentence each. */
  readonly notes: readonly string[];
  /** The content from the beginning to the end. */
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * Reads a foreign snapshot once, into a scratch that nobody else can read, adds etcd's trailer where it is missing, and
 * verifies all of it: the trailer that is there, the tree, every record, HashKV. Damage of the database is what the
 * verification says, not an error.
 *
 * @throws Failure foreign-unusable when it holds no database for an etcd of today; archive-refused, archive-damaged,
 *   file-unreadable, what its place throws; not-enough-space, disk-full, file-unwritable of the scratch; the signal's reason
 */
export async function openForeignImage(
  context: VerbContext,
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
): Promise<ForeignImage> {
  refuseUnusable(snapshot);
  const { signal, onProgress, scratchFolder = tmpdir() } = context;
  await using opened = new AsyncDisposableStack();
  const scratch = opened.use(await openScratch({ folder: scratchFolder, ...sizeOf(snapshot) }));
  await using found = await databaseOf(context, place, snapshot);
  const read = await fillScratch(scratch, found.stream(signal), {
    signal,
    ...(onProgress && { onProgress: (done) => onProgress({ phase: 'read', done }) }),
  });
  const database = scratch.source(`${place.location}/${snapshot.path}`);
  const fileSha256 = await hashAsFound(place, snapshot, read, signal);
  const content = await completed(database, read, signal);
  const { source, hashes } = content;
  const notes = [...found.notes, ...content.notes];
  const verified = await verifySnapshotFile(source, {
    expected: { size: source.size, sha256: hashes.file },
    hashes,
    signal,
    ...(onProgress && { onProgress: (done, total) => onProgress({ phase: 'verify', done, total }) }),
  });
  const verification = content.isAdded ? { ...verified, checks: withoutTrailer(verified.checks) } : verified;
  const position = await positionIn(source);
  const owned = opened.move();
  return {
    ...{ source, hashes, fileSha256, position, verification, notes },
    stream: (until) => blocksOf(source, source.size, until),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What of a foreign image failed its verification, in words; undefined when nothing did. */
export function damageIn({ position, verification }: ForeignImage): string | undefined {
  const failed = verification.checks.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0) return failed.map(({ check, detail }) => `${check}: ${detail}`).join('; ');
  return position === null ? 'where it stands in its history cannot be read' : undefined;
}

/** @throws foreign-damaged */
export function refuseDamagedImage(
  image: ForeignImage,
  { location }: ForeignPlace,
  { name }: ForeignSnapshot,
): SnapshotPosition {
  const why = damageIn(image);
  if (why !== undefined || image.position === null)
    throw new Failure('foreign-damaged', why ?? '', { name, location });
  return image.position;
}

function refuseUnusable({ restorable, notes, path, name }: ForeignSnapshot): void {
  if (restorable) return;
  const why =
    notes.length > 0 ? notes.join(' ') : `${name} holds nothing that an etcd of today can start from`;
  throw new Failure('foreign-unusable', why, { path });
}

/** Where the bytes are those of the database, how many will come is known. */
function sizeOf(snapshot: ForeignSnapshot): { readonly size?: number } {
  return snapshot.form === 'db' ? { size: snapshot.size } : {};
}

/** The bytes of the database, as they lie there or as they are made of a data directory. */
async function databaseOf(
  context: VerbContext,
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
): Promise<DatadirImage> {
  if (snapshot.form === 'datadir') return await openDatadirImage(place, snapshot, context);
  return {
    stream: (signal) => readImage(place, snapshot, signal),
    notes: [],
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * SHA-256 of what was found, in hexadecimal: of a data directory of its files, one after another in the order of their
 * paths. What is read as it lies there was hashed on the way.
 */
async function hashAsFound(
  place: ForeignPlace,
  { form, path }: ForeignSnapshot,
  read: ContentHashes,
  signal: AbortSignal,
): Promise<string> {
  if (form === 'db') return read.file;
  const hash = createHash('sha256');
  for (const each of form === 'datadir' ? await filesBelow(place, path) : [path]) {
    for await (const chunk of place.read(each)) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
  }
  return hash.digest('hex');
}

async function filesBelow(place: ForeignPlace, folder: string): Promise<string[]> {
  const paths: string[] = [];
  const inMember = /(?:^|\/)(?:snap|wal)\/[^/]+$/;
  for await (const { path } of place.list(() => {}))
    if ((folder === '.' || path.startsWith(`${folder}/`)) && inMember.test(path)) paths.push(path);
  return paths.toSorted();
}

interface Completed {
  readonly source: ByteSource;
  readonly hashes: ContentHashes;
  readonly notes: readonly string[];
  /** Whether the trailer is ours. */
  readonly isAdded: boolean;
}

/** The content with its trailer. What is too damaged for that stays as it is. */
async function completed(database: ByteSource, read: ContentHashes, signal: AbortSignal): Promise<Completed> {
  const asItIs = { source: database, hashes: read, notes: [], isAdded: false };
  if (read.trailer !== null) return asItIs;
  const position = await positionIn(database);
  if (position === null || position.size > database.size) return asItIs;
  const spare = database.size - position.size;
  const whole = await withTrailer(database, position.size, signal);
  const behind = Buffer.alloc(Math.min(spare, trailerSize));
  await database.read(behind, position.size);
  const found = behind.length > 0 && whole.hashes.image.startsWith(behind.toString('hex'));
  if (found && spare > trailerSize) {
    const note = `${spare - trailerSize} bytes behind its SHA-256 were left out: somebody has added them.`;
    return { ...whole, notes: [note], isAdded: false };
  }
  // Files of databases are whole pages: what is left is neither spare room nor the SHA-256 of what precedes it.
  if (!found && spare % smallestPage !== 0) return asItIs;
  const notes = [
    'Nothing but its pages shows that it is whole; the SHA-256 that etcd would have sent was added.',
    ...(found
      ? [`Of its own SHA-256 nothing but the first ${spare} bytes are there, and they are right.`]
      : []),
    ...(found || spare === 0
      ? []
      : [`${spare} bytes behind its last page were left out, as etcd does not send them.`]),
  ];
  return { ...whole, notes, isAdded: true };
}

/** Bytes; bbolt takes the page of its machine, and every one is a multiple of this. */
const smallestPage = 512;

function withoutTrailer(checks: Verification['checks']): Verification['checks'] {
  const detail = 'there was none; one was made of what is there';
  return checks.map((each) =>
    each.check === 'trailer' ? { check: 'trailer', outcome: 'skipped', detail } : each,
  );
}

async function positionIn(source: ByteSource): Promise<SnapshotPosition | null> {
  try {
    return await readPosition(source);
  } catch (error) {
    if (isFailure(error, 'not-a-snapshot')) return null;
    throw error;
  }
}
