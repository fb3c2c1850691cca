import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { isFailure } from '@holdfast/base';
import { openFileSource, type ByteSource } from '@holdfast/etcd/bolt';
import {
  readPosition,
  verifySnapshotFile,
  type ContentHashes,
  type SnapshotPosition,
  type Verification,
  type VerifyOptions,
} from '@holdfast/etcd/snapshot';
import type { VerbContext } from '../context.ts';
import { fillScratch, openScratch } from '../scratch/index.ts';
import type { SnapshotContent } from './snapshot-content.ts';

interface VerifyContentOptions extends Pick<VerifyOptions, 'expected' | 'hashKv'> {
  /** What the verification is told as; that it is fetched before is told as `read`. */
  readonly phase: string;
}

/** What was found in a content. */
export interface VerifiedContent extends Verification {
  /** Where it stands by itself; null when it is too damaged to tell. */
  readonly position: SnapshotPosition | null;
  /** SHA-256 of the stored bytes that it was opened from, hexadecimal; null for a plain file, whose content they are. */
  readonly storedSha256: string | null;
}

/**
 * Verifies a content without etcd. A file is read where it lies. Anything else is fetched once, into a scratch that
 * nobody else can read and that is gone afterwards; memory does not grow with it.
 *
 * @throws as the content: object-damaged where it cannot be opened to its end, key-missing, file-unreadable;
 *   not-enough-space, disk-full, file-unwritable of the scratch; the signal's reason
 */
export async function verifyContent(
  context: VerbContext,
  content: SnapshotContent,
  options: VerifyContentOptions,
): Promise<VerifiedContent> {
  if (content.file !== null) {
    using source = openFileSource(content.file);
    return { ...(await verifySource(context, source, options)), storedSha256: null };
  }
  const { signal, onProgress, scratchFolder = tmpdir() } = context;
  const { expected } = options;
  await using scratch = await openScratch({
    folder: scratchFolder,
    ...(expected !== undefined && { size: expected.size }),
  });
  const stored = createHash('sha256');
  const hashes = await fillScratch(
    scratch,
    content.stream(signal, { onStored: (bytes) => stored.update(bytes) }),
    {
      signal,
      ...(onProgress && {
        onProgress: (done) => onProgress({ phase: 'read', done, ...(expected && { total: expected.size }) }),
      }),
    },
  );
  const source = scratch.source(content.name);
  const found = await verifySource(context, source, { ...options, hashes });
  return { ...found, storedSha256: stored.digest('hex') };
}

async function verifySource(
  { signal, onProgress }: VerbContext,
  source: ByteSource,
  { phase, ...options }: VerifyContentOptions & { readonly hashes?: ContentHashes },
): Promise<Omit<VerifiedContent, 'storedSha256'>> {
  const found = await verifySnapshotFile(source, {
    ...options,
    signal,
    ...(onProgress && { onProgress: (done, total) => onProgress({ phase, done, total }) }),
  });
  return { ...found, position: await positionIn(source) };
}

async function positionIn(source: ByteSource): Promise<SnapshotPosition | null> {
  try {
    return await readPosition(source);
  } catch (error) {
    if (isFailure(error, 'not-a-snapshot')) return null;
    throw error;
  }
}
