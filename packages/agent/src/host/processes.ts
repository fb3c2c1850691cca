import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** The pids of this machine, as far as this process's namespace shows them (Linux: proc(5)). */
export async function processIds(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The words of a process; none of one that has ended. */
export async function wordsOf(pid: number): Promise<string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
}

/** The path of the program that a process runs, which may have been replaced since; undefined where nobody may look. */
export async function executableOf(pid: number): Promise<string | undefined> {
  const path = await readlink(`/proc/${pid}/exe`).catch(() => undefined);
  return path?.replace(/ \(deleted\)$/, '');
}

/** The variables of a process that `wanted` names. */
export async function variablesOf(
  pid: number,
  wanted: (name: string) => boolean,
): Promise<Record<string, string>> {
  const pairs = (await readFile(`/proc/${pid}/environ`, 'utf8'))
    .split('\0')
    .flatMap((line): [string, string][] => {
      const at = line.indexOf('=');
      return at > 0 && wanted(line.slice(0, at)) ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    });
  return Object.fromEntries(pairs);
}

/** When a process began, in clock ticks since boot: field 22; the second, the program's name in brackets, may hold spaces. */
export async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** Whether a process sees the files of this machine as we do, not those of a container; true where nobody lets us look. */
export async function sharesFiles(pid: number): Promise<boolean> {
  const [own, others] = await Promise.all(
    ['self', pid].map((who) => readlink(`/proc/${who}/ns/mnt`).catch(() => '')),
  );
  return others === '' || own === others;
}

/** What stands before the paths of a process to make them ours: nothing, unless it lives in a container. */
export async function rootOf(pid: number): Promise<string> {
  return (await sharesFiles(pid)) ? '' : `/proc/${pid}/root`;
}

/** Where among the words of a command its program stands: before it may be what runs it, as `nice` or `env A=b`; -1: nowhere. */
export function programAt(words: readonly string[], program: string): number {
  return words.findIndex((word) => basename(word) === program && !/^-|^\w+=/.test(word));
}

/** Whom a process runs as: the effective user and group, and the further groups (proc(5), status). */
export async function userOf(
  pid: number,
): Promise<{ readonly uid: number; readonly gid: number; readonly groups: readonly number[] }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const numbers = (field: string): number[] =>
    (new RegExp(`^${field}:(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
  return { uid: numbers('Uid')[1] ?? 0, gid: numbers('Gid')[1] ?? 0, groups: numbers('Groups') };
}
