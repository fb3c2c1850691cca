import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { processIds } from './processes.ts';

/**
 * The processes, but this one, that hold a member's database or a file of its log: by a lock of the kernel's list, or
 * open for writing. Files of other users' processes are seen by root only; locks by everyone.
 */
export async function dataHolders(memberDir: string, walDir: string | undefined): Promise<number[]> {
  const held = await filesOf(memberDir, walDir);
  if (held.size === 0) return [];
  const pids = new Set(await lockers(held));
  for (const pid of await processIds()) if (!pids.has(pid) && (await writes(pid, held))) pids.add(pid);
  pids.delete(process.pid);
  return [...pids];
}

/** The processes that hold a lock on a member's database, as a running etcd does. */
export async function databaseLockers(memberDir: string): Promise<number[]> {
  return lockers(new Set([await identity(join(memberDir, 'snap', 'db'))].flat()));
}

async function filesOf(memberDir: string, walDir: string | undefined): Promise<Set<string>> {
  const wal = walDir ?? join(memberDir, 'wal');
  const logs = (await readdir(wal).catch(() => [])).filter((name) => /\.(?:wal|tmp)$/.test(name));
  const paths = [join(memberDir, 'snap', 'db'), ...logs.map((name) => join(wal, name))];
  return new Set((await Promise.all(paths.map(identity))).flat());
}

/** A file as the kernel's list of locks names it: device and inode, as `fe:00:131090`. None for a file that is not there. */
async function identity(path: string): Promise<string[]> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return [];
  // As the C library splits a device number (gnu_dev_major, gnu_dev_minor).
  const major = ((found.dev >> 8n) & 0xfffn) | ((found.dev >> 32n) & ~0xfffn);
  const minor = (found.dev & 0xffn) | ((found.dev >> 12n) & ~0xffn);
  return [`${hex(major)}:${hex(minor)}:${found.ino}`];
}

function hex(part: bigint): string {
  return part.toString(16).padStart(2, '0');
}

/** Lines of proc_locks(5), as `1: FLOCK ADVISORY WRITE 812 fe:00:131090 0 EOF`; who only waits has `->` before the kind. */
async function lockers(files: ReadonlySet<string>): Promise<number[]> {
  const lines = (await readFile('/proc/locks', 'utf8')).split('\n');
  return lines.flatMap((line) => {
    const [, pid, file] = /^\d+: \w+ +\w+ +\w+ +(-?\d+) (\S+)/.exec(line) ?? [];
    return file !== undefined && files.has(file) ? [Number(pid)] : [];
  });
}

async function writes(pid: number, files: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const name of await readdir(folder).catch(() => [])) {
    const path = await readlink(join(folder, name)).catch(() => '');
    if (!path.startsWith('/')) continue;
    const [file] = await identity(join(folder, name));
    if (file !== undefined && files.has(file) && (await isForWriting(pid, name))) return true;
  }
  return false;
}

/** Of the open flags in octal, the last two bits are the access mode (open(2)); 0 reads only. */
async function isForWriting(pid: number, descriptor: string): Promise<boolean> {
  const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8').catch(() => '');
  return (Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '0', 8) & 3) !== 0;
}
