import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { etcdSettings, type EtcdSettings } from './etcd-settings.ts';

/** An etcd that runs on this machine, as /proc shows it (Linux: proc(5)). */
export interface EtcdProcess extends EtcdSettings {
  readonly pid: number;
  /** Clock ticks since boot: tells a process from a later one with the same pid. */
  readonly startedAt: string;
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

/** Those of them that keep their data in `dataDir`: one in a container may name the same path and mean another folder. */
export async function etcdProcessesOn(dataDir: string): Promise<EtcdProcess[]> {
  const wanted = await real(dataDir);
  const found: EtcdProcess[] = [];
  for (const etcd of await etcdProcesses()) {
    if ((await real(etcd.dataDir)) === wanted && (await seesSame(etcd))) found.push(etcd);
  }
  return found;
}

/** Whether the process's data directory is the one that we see under its path; true where nobody lets us look. */
async function seesSame({ pid, dataDir }: EtcdProcess): Promise<boolean> {
  const ours = await stat(dataDir).catch(() => undefined);
  try {
    const theirs = await stat(`/proc/${pid}/root${dataDir}`);
    return ours?.dev === theirs.dev && ours.ino === theirs.ino;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' || ours === undefined;
  }
}

/** The pids of this machine, as far as this process's namespace shows them. */
export async function processIds(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function etcdOf(pid: number): Promise<EtcdProcess | undefined> {
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
  const [program] = command;
  if (program === undefined) return undefined;
  const executable = await readlink(`/proc/${pid}/exe`).catch(() => program);
  if (!isEtcd(program) && !isEtcd(executable)) return undefined;
  const environment = etcdVariables(await readFile(`/proc/${pid}/environ`, 'utf8'));
  const workingDir = await readlink(`/proc/${pid}/cwd`);
  const settings = await etcdSettings(command.slice(1), environment, (path) =>
    readFile(resolve(workingDir, path), 'utf8'),
  );
  return {
    ...settings,
    dataDir: resolve(workingDir, settings.dataDir),
    walDir: settings.walDir === undefined ? undefined : resolve(workingDir, settings.walDir),
    pid,
    startedAt: startOf(await readFile(`/proc/${pid}/stat`, 'utf8')),
    command,
    executable: executable.replace(/ \(deleted\)$/, ''),
    environment,
    workingDir,
  };
}

/** Its tools have --data-dir too, and are called etcdctl and etcdutl. A program that was replaced while it runs is "deleted". */
function isEtcd(path: string): boolean {
  return basename(path).replace(/ \(deleted\)$/, '') === 'etcd';
}

function etcdVariables(environ: string): Record<string, string> {
  const pairs = environ.split('\0').flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    return line.startsWith('ETCD_') && at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
  });
  return Object.fromEntries(pairs);
}

/** Field 22; the second, the program's name in brackets, may hold spaces. */
function startOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function real(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}
