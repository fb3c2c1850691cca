import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure } from '@holdfast/base';
import { stageBeside, type Repository } from '@holdfast/repository';
import { damageOf, refuseUntrusted } from '../content/index.ts';
import type { VerbContext } from '../context.ts';
import { showSnapshot, type SnapshotChoice } from './show.ts';

/** A folder with a snapshot as its repository stores it. */
export interface ExportedObjects {
  readonly name: string;
  readonly path: string;
  /** Files in the folder, the manifest last; sizes in bytes, SHA-256 in hexadecimal. */
  readonly files: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  /** Why it is not to be restored from, though its objects are those that were stored; null: nothing says so. */
  readonly damage: string | null;
}

/** The manifest in that folder, with its signatures: what the commands of docs/format.md read. */
const manifestName = 'manifest.json';

/**
 * Copies the objects of a snapshot as they are stored, sealed ones unopened, and its manifest with the signatures to a new
 * folder for this user only: ordinary tools open and check them there. Each object's SHA-256 is compared with the
 * manifest. On failure no folder is left.
 *
 * @throws as `showSnapshot`; manifest-untrusted, file-exists, snapshot-damaged, disk-full, file-unwritable
 */
export async function exportStored(
  context: VerbContext,
  repository: Repository,
  request: SnapshotChoice & { readonly to: string },
): Promise<ExportedObjects> {
  const entry = await showSnapshot(context, repository, request);
  const { name, damage } = entry;
  refuseUntrusted(entry);
  if (damage !== null) throw new Failure('snapshot-damaged', damage, { name });
  const path = resolve(request.to);
  await newFolder(path);
  try {
    const files: ExportedObjects['files'][number][] = [];
    for (const object of entry.manifest.objects) {
      const file = await copy(
        context,
        join(path, object.path),
        repository.readObject(entry, object),
        object.size,
      );
      if (file.sha256 !== object.sha256) {
        const why = `the SHA-256 of ${object.path} is ${file.sha256}, its manifest says ${object.sha256}`;
        throw new Failure('snapshot-damaged', why, { name });
      }
      files.push({ name: object.path, ...file });
    }
    const manifest = await repository.manifestBytes(entry);
    const kept = await copy(context, join(path, manifestName), [manifest], manifest.length);
    const all = [...files, { name: manifestName, ...kept }];
    return { name, path, files: all, damage: damageOf(entry) ?? null };
  } catch (error) {
    await rm(path, { recursive: true, force: true });
    throw error;
  }
}

async function newFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new Failure('file-exists', 'an export never overwrites', { path }, { cause });
    throw new Failure('file-unwritable', message, { path }, { cause });
  }
}

async function copy(
  { signal, onProgress }: VerbContext,
  path: string,
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  total: number,
): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  let size = 0;
  const file = await stageBeside(path);
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted();
      hash.update(chunk);
      file.write(chunk);
      size += chunk.length;
      onProgress?.({ phase: 'export', done: size, total });
    }
    if (!(await file.place())) throw new Failure('file-exists', 'an export never overwrites', { path });
  } catch (error) {
    await file.discard();
    throw error;
  }
  return { size, sha256: hash.digest('hex') };
}
