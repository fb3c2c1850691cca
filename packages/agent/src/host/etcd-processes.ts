import { readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { etcdSettings, type EtcdSettings } from './etcd-settings.ts';
import type { HostProcess } from './hosted.ts';
import { executableOf, processIds, rootOf, startOf, variablesOf, wordsOf } from './processes.ts';

/** An etcd that runs on this machine, as /proc shows it (Linux: proc(5)). */
export interface EtcdProcess extends EtcdSettings, HostProcess {
  readonly command: readonly string[];
  /** The path of the program, however the command names it. */
  readonly executable: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The folder that its relative paths begin from. */
  readonly workingDir: string;
}

/** Every etcd that runs on this machine and that this user may look at. `dataDir` and `walDir` are absolute. */
export async function etcdProcesses(): Promise<EtcdProcess[]> {
  const found: EtcdProcess[] = [];
  for (const pid of await processIds()) {
    // A process that ends while it is looked at, or that is another user's, is none of ours.
    const etcd = await etcdOf(pid).catch(() => undefined);
    if (etcd !== undefined) found.push(etcd);
  }
  return found;
}

/**
 * Those of them that keep their data in `dataDir`. One in a container may name the same path and mean another folder, or
 * another path and mean this one.
 */
export async function etcdProcessesOn(dataDir: string): Promise<EtcdProcess[]> {
  const wanted = await real(dataDir);
  const ours = await stat(dataDir).catch(() => undefined);
  const found: EtcdProcess[] = [];
  for (const etcd of await etcdProcesses()) {
    const isNamed = (await real(etcd.dataDir)) === wanted;
    if (await isThere(etcd, ours, isNamed)) found.push(etcd);
  }
  return found;
}

/** Whether what the process sees under the path of its data is that folder; as its name says where nobody lets us look. */
async function isThere(
  { pid, dataDir }: EtcdProcess,
  ours: { readonly dev: number; readonly ino: number } | undefined,
  isNamed: boolean,
): Promise<boolean> {
  try {
    const theirs = await stat(`/proc/${pid}/root${dataDir}`);
    return ours?.dev === theirs.dev && ours.ino === theirs.ino;
  } catch (error) {
    return isNamed && ((error as NodeJS.ErrnoException).code !== 'ENOENT' || ours === undefined);
  }
}

async function etcdOf(pid: number): Promise<EtcdProcess | undefined> {
  const command = await wordsOf(pid);
  const [program] = command;
  if (program === undefined) return undefined;
  const executable = (await executableOf(pid)) ?? program;
  if (!isEtcd(program) && !isEtcd(executable)) return undefined;
  const environment = await variablesOf(pid, isEtcds);
  const workingDir = await readlink(`/proc/${pid}/cwd`);
  const root = await rootOf(pid);
  const settings = await etcdSettings(command.slice(1), environment, (path) =>
    readFile(`${root}${resolve(workingDir, path)}`, 'utf8'),
  );
  return {
    ...settings,
    dataDir: resolve(workingDir, settings.dataDir),
    walDir: settings.walDir === undefined ? undefined : resolve(workingDir, settings.walDir),
    pid,
    startedAt: await startOf(pid),
    command,
    executable,
    environment,
    workingDir,
  };
}

/** Images of etcd have variables beside etcd's own: the password of its root user is kept out of every description. */
function isEtcds(variable: string): boolean {
  return variable.startsWith('ETCD_') && !/PASSWORD|SECRET/.test(variable);
}

/** Its tools have --data-dir too, and are called etcdctl and etcdutl. */
function isEtcd(path: string): boolean {
  return basename(path) === 'etcd';
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}
