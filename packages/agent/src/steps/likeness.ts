import { execFile } from 'node:child_process';
import { chmod, chown, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stands } from '../on-disk.ts';

const run = promisify(execFile);

/** Whose a folder's files have become. */
export interface Likeness {
  readonly uid: number;
  readonly gid: number;
  /** How the SELinux labels were set; null where there are none. */
  readonly labels: string | null;
}

/**
 * Gives a folder and all in it the owner, modes and SELinux labels of another one: root restores for the user that etcd
 * runs as. Modes are those of the same names there; names that are not there stay as they are.
 */
export async function makeAlike(folder: string, like: string, signal: AbortSignal): Promise<Likeness> {
  const { uid, gid } = await stat(like);
  for (const name of ['', ...(await readdir(folder, { recursive: true }))]) {
    const path = join(folder, name);
    const now = await stat(path);
    if (now.uid !== uid || now.gid !== gid) await chown(path, uid, gid);
    const old = await stat(join(like, name)).catch(() => undefined);
    if (old !== undefined && old.isDirectory() === now.isDirectory() && old.mode !== now.mode) {
      await chmod(path, old.mode & 0o777);
    }
    await sync(path);
  }
  return { uid, gid, labels: await label(folder, like, signal) };
}

/** Gives a file, or a folder and all in it, the label of another one. Node cannot read or set labels, so the system's own tool does. A wrong one shows when etcd does not start. */
export async function label(folder: string, like: string, signal: AbortSignal): Promise<string | null> {
  if (!(await stands('/sys/fs/selinux/enforce'))) return null;
  try {
    await run('chcon', ['-R', `--reference=${like}`, folder], { signal });
    return 'as before, by chcon';
  } catch (error) {
    signal.throwIfAborted();
    return `not set: ${(error as Error).message.split('\n')[0] ?? ''}`;
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
