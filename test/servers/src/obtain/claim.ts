import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import process from 'node:process';

let serial = 0;

/**
 * Claims `path` for the process `owner` among all processes of this machine. The claim is a file that holds
 * the owner's pid; it appears with its content in one step (a hard link), so nobody ever reads half of it.
 * A claim whose owner is gone is taken over.
 */
export function claim(path: string, owner: number = process.pid): boolean {
  const own = `${path}.${process.pid}.${serial++}`;
  writeFileSync(own, String(owner));
  try {
    if (tryLink(own, path)) return true;
    return removeIfOrphaned(path) && tryLink(own, path);
  } finally {
    unlinkSync(own);
  }
}

/** Makes `owner` the one whose end frees a claim of this process. */
export function handOver(path: string, owner: number): void {
  const own = `${path}.${process.pid}.${serial++}`;
  writeFileSync(own, String(owner));
  renameSync(own, path);
}

/** Gives a claim back. */
export function release(path: string): void {
  removeQuietly(path);
}

/** Says whether a process with this pid exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Two processes may find the same orphan: what was moved away is looked at again, and put back if it is a new claim. */
function removeIfOrphaned(path: string): boolean {
  const owner = ownerOf(path);
  if (owner !== undefined && isAlive(owner)) return false;
  const away = `${path}.${process.pid}.${serial++}`;
  try {
    renameSync(path, away);
  } catch {
    return true;
  }
  const moved = ownerOf(away);
  const alive = moved !== undefined && isAlive(moved);
  if (alive) tryLink(away, path);
  removeQuietly(away);
  return !alive;
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else removed it first, which is what was wanted.
  }
}
