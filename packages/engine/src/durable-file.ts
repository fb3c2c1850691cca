import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder, writing } from '@holdfast/repository';

/**
 * Writes a small file for this user only, all or nothing: after a crash it is the old one or the new one.
 *
 * @throws file-unwritable, disk-full
 */
export async function writeDurably(path: string, text: string): Promise<void> {
  const unfinished = unfinishedOf(path);
  await writing(path, async () => {
    try {
      const handle = await open(unfinished, 'w', 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, path);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  });
}

/** What a process that is killed while it writes such a file may leave beside it. */
export function unfinishedOf(path: string): string {
  return `${path}.new`;
}
