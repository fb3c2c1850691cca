import { createHash, randomUUID } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasEnded, thisProcess } from '../../holder.ts';
import { StagedFile } from './staged-file.ts';

/** `<machine>-<pid>-<start>` tell whose file it is; see Holder. */
const pattern = /^\.holdfast-export-([0-9a-f]{8})-(\d+)-(\d*)-/;

/**
 * Begins a file that is to lie outside of any repository, under a hidden name in the same folder; and clears away what
 * killed processes of this machine left there in the same way.
 *
 * @throws file-unwritable, disk-full
 */
export async function stageBeside(final: string): Promise<StagedFile> {
  const folder = dirname(final);
  await clearRemains(folder);
  const { pid, started } = thisProcess();
  const random = randomUUID().slice(0, 8);
  return new StagedFile(join(folder, `.holdfast-export-${machineWord()}-${pid}-${started}-${random}`), final);
}

async function clearRemains(folder: string): Promise<void> {
  try {
    const names = await readdir(folder);
    for (const name of names.filter(isRemains)) await unlink(join(folder, name));
  } catch {
    // Tidying is a courtesy; what is wrong with the folder is told when the file is begun.
  }
}

function isRemains(name: string): boolean {
  const [, machine, pid, started = ''] = pattern.exec(name) ?? [];
  if (machine !== machineWord()) return false;
  return hasEnded({ ...thisProcess(), pid: Number(pid), started }) === true;
}

/** The machine as a short word for the name of a file. */
function machineWord(): string {
  return createHash('sha256').update(thisProcess().machine).digest('hex').slice(0, 8);
}
