import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { stageBeside, type Repository, type SnapshotEntry, type StagedFile } from '@holdfast/repository';
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
}

/**
 * Copies a snapshot to a new file, for this user only, whose bytes are those that were saved: their SHA-256 is
 * compared with the manifest before the file gets its name. On failure no file is left.
 *
 * @throws as `showSnapshot`; file-exists, snapshot-damaged, disk-full, file-unwritable
 */
export async function exportSnapshot(
  context: VerbContext,
  repository: Repository,
  request: SnapshotChoice & { readonly to: string },
): Promise<ExportedSnapshot> {
  const entry = await showSnapshot(context, repository, request);
  const { name, damage } = entry;
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
    return { name, path, size: entry.manifest.content.size, sha256 };
  } catch (error) {
    await file.discard();
    throw error;
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
  for await (const chunk of repository.readSnapshot(entry)) {
    signal.throwIfAborted();
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
