import { Failure } from '@holdfast/base';
import { holdFolder } from '../../process-lock.ts';

/**
 * Lets this process alone lead the restore of a folder, until the returned function is called or the process ends.
 *
 * @throws restore-running, file-unreadable, file-unwritable, disk-full
 */
export async function holdRestore(folder: string, id: string): Promise<() => Promise<void>> {
  const held = await holdFolder(folder);
  if (typeof held === 'function') return held;
  throw new Failure('restore-running', held.by, { id });
}
