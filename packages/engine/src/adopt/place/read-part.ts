import { Failure } from '@holdfast/base';
import type { ForeignFile, ForeignPlace } from '../foreign.ts';

/** The bytes of a file from `start` up to and without `end`, in one piece; fewer where the file ends before. */
export async function readPart(
  place: ForeignPlace,
  path: string,
  start: number,
  end: number,
): Promise<Buffer> {
  if (end <= start) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  for await (const chunk of place.read(path, { start, end })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A small file, whole. @throws file-unreadable, also when it has more than `limit` bytes */
export async function readSmall(place: ForeignPlace, file: ForeignFile, limit: number): Promise<Buffer> {
  const content = await readPart(place, file.path, 0, limit + 1);
  if (content.length <= limit) return content;
  const why = `it has more than ${limit} bytes`;
  throw new Failure('file-unreadable', why, { path: `${place.location}/${file.path}` });
}
