import { isFailure, limits } from '@holdfast/base';
import type { ForeignPlace } from '../foreign.ts';
import type { ArchiveFile } from './archive-file.ts';
import { expandGzip } from './expand-gzip.ts';
import { damagedArchive } from './refusal.ts';
import { PlainTar, StreamedTar, type TarBytes } from './tar-bytes.ts';
import { tarEntries, type TarEntry } from './tar-entries.ts';

/** Whether the tar itself is compressed. */
export type TarForm = 'tar' | 'tar.gz';

/** What is in a tar. */
export interface TarList {
  /** `head`: the first bytes of each, as many as were asked for, fewer where it or the reading ends. */
  readonly entries: readonly (TarEntry & { readonly head: Uint8Array })[];
  /** Whether that is all of it: of a compressed one only the beginning is read. */
  readonly complete: boolean;
}

/**
 * What is in a tar, in one walk. Of a plain one only headers and heads are read, of a compressed one the first
 * `limits.archivePeekBytes`.
 *
 * @param headBytes of each entry
 * @throws archive-refused, archive-damaged, file-unreadable, the `s3-` failures
 */
export async function listTar(
  place: ForeignPlace,
  file: ArchiveFile,
  form: TarForm,
  headBytes = 0,
): Promise<TarList> {
  const entries: TarList['entries'][number][] = [];
  const cut = form === 'tar.gz' && file.size > limits.archivePeekBytes;
  const bytes =
    form === 'tar'
      ? new PlainTar(place, file)
      : new StreamedTar(expandGzip(place, file, limits.archivePeekBytes));
  try {
    for await (const entry of tarEntries(bytes, whereOf(place, file)))
      entries.push({ ...entry, head: await bytes.take(Math.min(entry.size, headBytes)) });
    return { entries, complete: true };
  } catch (error) {
    // What was cut off from the reading ends too early, and that is no fault of its own.
    const ended = (await bytes.take(1)).length === 0;
    if (!cut || !ended || !isFailure(error, 'archive-damaged')) throw error;
    return { entries, complete: false };
  } finally {
    await bytes.close();
  }
}

/**
 * The content of one entry. The headers before it are checked on the way; behind it a plain tar is not read on, a
 * compressed one is, to its checksum.
 *
 * @param name as it is stored
 * @throws archive-refused, archive-damaged, file-unreadable, the `s3-` failures
 */
export async function* readTarEntry(
  place: ForeignPlace,
  file: ArchiveFile,
  form: TarForm,
  name: string,
): AsyncGenerator<Uint8Array> {
  const where = whereOf(place, file);
  const bytes: TarBytes =
    form === 'tar' ? new PlainTar(place, file) : new StreamedTar(expandGzip(place, file));
  let found = false;
  try {
    for await (const entry of tarEntries(bytes, where)) {
      if (entry.name !== name) continue;
      found = true;
      yield* bytes.content(entry.size);
      if (bytes.at < entry.start + entry.size) throw damagedArchive(where, 'it ends too early', name);
      if (form === 'tar') return;
    }
    // Behind the last entry: the checksum is at the very end.
    await bytes.skip(Infinity);
  } finally {
    await bytes.close();
  }
  if (!found) throw damagedArchive(where, 'it is not there any more', name);
}

function whereOf(place: ForeignPlace, { path }: ArchiveFile): string {
  return `${place.location}/${path}`;
}
