import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure, isFailure } from '@holdfast/base';
import { stageBeside, type Repository, type SnapshotEntry, type StagedFile } from '@holdfast/repository';
import { damageOf, refuseUntrusted, storedContent } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { showSnapshot, type SnapshotChoice } from './show.ts';

/** A file as `etcdctl snapshot save` would have written it. */
export interface ExportedSnapshot {
  readonly name: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Of the whole file, hexadecimal. */
  readonly sha256: string;
  /** Why it is not to be restored from, though its bytes are those that were saved; null: nothing says so. */
  readonly damage: string | null;
}

/**
 * Copies a snapshot to a new file, for this user only, whose bytes are those that were saved: their SHA-256 is
 * compared with the manifest before the file gets its name. One whose verification failed is copied too, as evidence. On
 * failure no file is left.
 *
 * @throws as `showSnapshot`; manifest-untrusted, key-missing, key-not-matching, file-exists, snapshot-damaged, disk-full,
 *   file-unwritable
 */
export async function exportSnapshot(
  context: VerbContext,
  repository: Repository,
  request: SnapshotChoice & { readonly to: string },
): Promise<ExportedSnapshot> {
  const entry = await showSnapshot(context, repository, request);
  const { name, damage } = entry;
  refuseUntrusted(entry);
  if (damage !== null) throw new Failure('snapshot-damaged', damage, { name });
  const path = resolve(request.to);
  // Asked first only to spare the copy: placing the file asks again.
  if (await isThere(path)) throw taken(path);
  const file = await stageBeside(path);
  try {
    const sha256 = await copy(context, repository, entry, file);
    const expected = entry.manifest.content.sha256;
    if (sha256 !== expected) {
      const why = `the SHA-256 of ${entry.path} is ${sha256}, its manifest says ${expected}`;
      throw new Failure('snapshot-damaged', why, { name });
    }
    if (!(await file.place())) throw taken(path);
    const size = entry.manifest.content.size;
    return { name, path, size, sha256, damage: damageOf(entry) ?? null };
  } catch (error) {
    await file.discard();
    if (!isFailure(error, 'object-damaged')) throw error;
    throw new Failure('snapshot-damaged', error.why, { name }, { cause: error });
  }
}

/** Returns the SHA-256 of what was copied. */
async function copy(
  { signal, onProgress }: VerbContext,
  repository: Repository,
  entry: SnapshotEntry,
  file: StagedFile,
): Promise<string> {
  const hash = createHash('sha256');
  const total = entry.manifest.content.size;
  let done = 0;
  for await (const chunk of storedContent(repository, entry).stream(signal)) {
    hash.update(chunk);
    file.write(chunk);
    done += chunk.length;
    onProgress?.({ phase: 'export', done, total });
  }
  return hash.digest('hex');
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    // Whatever else is wrong with the path is told when the file is begun.
    return false;
  }
}

function taken(path: string): Failure {
  return new Failure('file-exists', 'an export never overwrites', { path });
}
