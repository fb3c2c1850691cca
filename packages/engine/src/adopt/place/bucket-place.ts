import { Failure } from '@holdfast/base';
import { openS3Reader, type OpenS3Options, type S3Settings } from '@holdfast/repository';
import type { ForeignPlace } from '../foreign.ts';
import { pathFault } from './path-fault.ts';

/**
 * A folder of a bucket that others write to. Keys that lead outside, and those with backslashes or control characters,
 * are passed over; marks that consoles leave for folders are none of anybody's files.
 *
 * @throws config-invalid; the bucket itself is asked for nothing yet
 */
export async function openForeignBucket(settings: S3Settings, options: OpenS3Options): Promise<ForeignPlace> {
  const reader = await openS3Reader(settings, options);
  const checked = (path: string): string => {
    const fault = pathFault(path);
    if (fault === undefined) return path;
    throw new Failure('file-unreadable', fault, { path: `${reader.location}/${path}` });
  };
  return {
    location: reader.location,
    async *list(passOver) {
      for await (const { key, size, modifiedAt } of reader.list()) {
        if (size === 0 && (key === '' || key.endsWith('/'))) continue;
        const why = pathFault(key);
        if (why === undefined) yield { path: key, size, modifiedAt };
        else passOver({ path: key, why });
      }
    },
    async *read(path, range) {
      yield* reader.read(checked(path), range);
    },
    metadata: async (path) => reader.metadata(checked(path)),
  };
}
