import { readFile, readlink, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { HostDescription } from '@holdfast/model';
import { sharesFiles } from './processes.ts';
import { unitProperties } from './systemctl.ts';

/** A process as it would be described, where nobody but who started it watches over it. */
export interface FoundRun {
  readonly pid: number;
  readonly command: readonly string[];
  /** The path of the program, however the command names it. */
  readonly executable: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The folder that its relative paths begin from. */
  readonly workingDir: string;
  /** Takes what it prints, where that goes to no file. */
  readonly logFile: string;
}

/** How it is run; undefined for one in a container, which shows in a file system of its own. */
export async function runOf(found: FoundRun): Promise<HostDescription | undefined> {
  const unit = serviceOf(await readFile(`/proc/${found.pid}/cgroup`, 'utf8').catch(() => ''));
  if (unit !== undefined && (await isMainOf(unit, found.pid))) return { driver: 'systemd', unit };
  if (!(await sharesFiles(found.pid))) return undefined;
  return {
    driver: 'process',
    command: commandOf(found),
    environment: { ...found.environment },
    logFile: (await logFileOf(found.pid)) ?? found.logFile,
  };
}

/**
 * The system service that a process lives in, by the lines of its cgroup file (cgroups(7)): `0::/system.slice/etcd.service`,
 * or `1:name=systemd:/…` where there are several hierarchies. What a person's session runs is not the system's.
 */
export function serviceOf(cgroups: string): string | undefined {
  const paths = cgroups.split('\n').flatMap((line) => /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1] ?? []);
  const path = paths.find(
    (path) => path.endsWith('.service') && !/\/(?:user@|session-|user\.slice\/)/.test(path),
  );
  return path?.split('/').at(-1);
}

/** Not what a service only happens to have started, as a shell under that of remote logins. */
async function isMainOf(unit: string, pid: number): Promise<boolean> {
  const found = await unitProperties({}, unit, ['MainPID']);
  return !('unknown' in found) && found.MainPID === String(pid);
}

/**
 * Its words as they are, but the program by its path: who starts it again may look for programs elsewhere. With relative
 * paths among them it has to be started in the same folder again.
 */
function commandOf({ command: [program = '', ...args], executable, workingDir }: FoundRun): string[] {
  const command = [program.includes('/') ? program : executable, ...args];
  const relative = command.some(
    (word, i) =>
      /^--?[\w-]+=(?!\/)\.{0,2}[\w-]*\//.test(word) ||
      (/^\.{0,2}[\w-]*\/./.test(word) && !isAbsolute(word)) ||
      (/^--?(?:data-dir|wal-dir|config-file)$/.test(command[i - 1] ?? '') && !isAbsolute(word)),
  );
  return relative ? ['env', `--chdir=${workingDir}`, ...command] : [...command];
}

async function logFileOf(pid: number): Promise<string | undefined> {
  for (const descriptor of [1, 2]) {
    const path = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    const found = path.startsWith('/') ? await stat(path).catch(() => undefined) : undefined;
    if (found?.isFile() === true) return path;
  }
  return undefined;
}
