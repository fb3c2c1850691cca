import { pipeline, Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import type { ForeignPlace } from '../foreign.ts';
import type { ArchiveFile } from './archive-file.ts';
import { damagedArchive, Ration } from './refusal.ts';

/**
 * The plain bytes of a gzip; its checksum is compared at its end.
 *
 * @param most compressed bytes that are read: what they give, and no more, without a word about the rest
 * @throws archive-refused when it gives more than any database has; archive-damaged; file-unreadable, the `s3-` failures
 */
export async function* expandGzip(
  place: ForeignPlace,
  { path, size }: ArchiveFile,
  most = Infinity,
): AsyncGenerator<Uint8Array> {
  const where = `${place.location}/${path}`;
  const cut = size > most;
  const stored = Readable.from(place.read(path, cut ? { start: 0, end: most } : undefined));
  const gunzip = createGunzip(cut ? { finishFlush: constants.Z_SYNC_FLUSH } : {});
  // Both are destroyed with the error of either, and it is thrown below.
  pipeline(stored, gunzip, () => {});
  const ration = new Ration(where, path.split('/').at(-1) ?? path, () => gunzip.bytesWritten);
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      ration.count(chunk.length);
      yield chunk;
    }
  } catch (error) {
    throw zlibFault(error) === undefined ? error : damagedArchive(where, zlibFault(error)!, undefined, error);
  } finally {
    gunzip.destroy();
  }
}

/** What zlib found wrong with what it was given; undefined for any other error. */
export function zlibFault(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('Z_'))
    return undefined;
  return error.code === 'Z_BUF_ERROR' ? 'it is cut off' : `it cannot be decompressed: ${error.message}`;
}
