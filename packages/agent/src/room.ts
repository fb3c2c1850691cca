import { constants } from 'node:fs';
import { access, readFile, stat, statfs } from 'node:fs/promises';
import { hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import type { MemberDescription, MemberRoom } from '@holdfast/model';

/** What this machine has to offer for a member's data; undefined where its data directory is not there. */
export async function roomOf({
  dataDir,
  walDir,
}: Pick<MemberDescription, 'dataDir' | 'walDir'>): Promise<MemberRoom | undefined> {
  const top = await stat(dataDir).catch(() => undefined);
  if (top === undefined) return undefined;
  const { bavail, bsize } = await statfs(dataDir);
  const member = await stat(join(dataDir, 'member')).catch(() => undefined);
  const folders = [dataDir, ...(walDir === undefined ? [] : [walDir])];
  const writable = await Promise.all(folders.map(isWritable));
  return {
    fileSystem: `${await kernel()}/${top.dev}`,
    free: bavail * bsize,
    memory: totalmem(),
    writable: writable.every(Boolean),
    renames: member === undefined || member.dev === top.dev,
  };
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}

/** The same for all that share this machine's file systems, containers among them. */
async function kernel(): Promise<string> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => hostname());
  return boot.trim();
}
