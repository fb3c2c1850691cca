import type { Storage } from './storage.ts';

/** An object as its user would name it: a file of this machine, else `s3://bucket/folder/key`. */
export function pathOf(storage: Pick<Storage, 'localPath' | 'location'>, key: string): string {
  return storage.localPath(key) ?? `${storage.location}/${key}`;
}
