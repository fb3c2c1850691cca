import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '@holdfast/base';

const pattern = /^\.work-(\d+)-/;

/** A folder that goes when it is disposed of. */
export interface WorkFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes a folder for this user only, and removes those of processes that were killed: what lies there is a whole database.
 *
 * @throws Failure file-unwritable
 */
export async function makeWorkFolder(parent: string): Promise<WorkFolder> {
  try {
    for (const name of await readdir(parent)) {
      const pid = Number(pattern.exec(name)?.[1] ?? process.pid);
      if (!isAlive(pid)) await rm(join(parent, name), { recursive: true, force: true });
    }
    const path = await mkdtemp(join(parent, `.work-${process.pid}-`));
    return {
      path,
      async [Symbol.asyncDispose]() {
        await rm(path, { recursive: true, force: true });
      },
    };
  } catch (cause) {
    throw new Failure('file-unwritable', (cause as Error).message, { path: parent }, { cause });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
