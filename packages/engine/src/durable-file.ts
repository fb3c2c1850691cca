import { replaceFile, type FileAccess } from '@holdfast/repository';

/**
 * Writes a small file for this user only, all or nothing: after a crash it is the old one or the new one. Only one process
 * at a time may write it.
 *
 * @param access whose it is to be instead
 * @throws file-unwritable, disk-full
 */
export function writeDurably(path: string, text: string, access?: FileAccess): Promise<void> {
  return replaceFile(path, text, unfinishedOf(path), access);
}

/** What a process that is killed while it writes such a file may leave beside it. */
export function unfinishedOf(path: string): string {
  return `${path}.new`;
}
