import { isFailure, limits } from '@holdfast/base';
import { openZip, readTarEntry } from '../archive/index.ts';
import type { ForeignCompanion, ForeignPlace, ForeignSnapshot } from '../foreign.ts';

/**
 * Reads one of the small files that belong to a foreign snapshot, out of the same archive or from beside it.
 *
 * @returns why it could not be read, where the fault is its own
 * @throws what the place throws otherwise
 */
export async function readCompanion(
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
  companion: ForeignCompanion,
): Promise<{ readonly content: Uint8Array } | { readonly why: string }> {
  const most = limits.sidecarBytes;
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of bytesOf(place, snapshot, companion)) {
      size += part.length;
      if (size > most) return { why: `it has more than ${most} bytes` };
      parts.push(part);
    }
    return { content: Buffer.concat(parts) };
  } catch (error) {
    if (isFailure(error) && own.includes(error.code)) return { why: error.why };
    throw error;
  }
}

const own: readonly string[] = ['archive-damaged', 'archive-refused', 'file-unreadable', 'foreign-unusable'];

async function* bytesOf(
  place: ForeignPlace,
  snapshot: ForeignSnapshot,
  { path, within }: ForeignCompanion,
): AsyncGenerator<Uint8Array> {
  if (!within) {
    yield* place.read(path);
    return;
  }
  if (snapshot.form === 'tar' || snapshot.form === 'tar.gz') {
    yield* readTarEntry(place, snapshot, snapshot.form, path);
    return;
  }
  const zip = await openZip(place, snapshot);
  const entry = zip.entries.find(({ name }) => name === path);
  if (entry !== undefined) yield* zip.read(entry);
}
