import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { run } from './run.ts';
import type { EtcdMinor } from './versions.ts';

/** etcd and its tools, of one version, as absolute paths. */
export interface EtcdBinaries {
  readonly minor: EtcdMinor;
  /** Exact, as 3.5.35. */
  readonly version: string;
  readonly etcd: string;
  readonly etcdctl: string;
  /** From 3.5 on; before, etcdctl did its work. */
  readonly etcdutl: string | undefined;
}

/** Takes the commands in `folder` if they are there and of the wanted minor. */
export async function etcdInFolder(folder: string, minor: EtcdMinor): Promise<EtcdBinaries> {
  const etcd = await executable(folder, 'etcd');
  const printed = await run(etcd, ['--version']);
  const version = /etcd Version: (\d+\.\d+\.\d+)/.exec(printed)?.[1];
  if (version === undefined || !version.startsWith(`${minor}.`)) {
    throw new Error(`${etcd} is ${version ?? 'of no version that it tells'}, not ${minor}`);
  }
  const etcdutl = minor === '3.4' ? undefined : await executable(folder, 'etcdutl');
  return { minor, version, etcd, etcdctl: await executable(folder, 'etcdctl'), etcdutl };
}

/** Takes the commands from the first folder of the PATH that has an etcd of the wanted minor. */
export async function etcdOnPath(minor: EtcdMinor): Promise<EtcdBinaries> {
  const others: string[] = [];
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '' || !(await isExecutable(join(folder, 'etcd')))) continue;
    try {
      return await etcdInFolder(folder, minor);
    } catch (error) {
      others.push((error as Error).message);
    }
  }
  throw new Error(others.length === 0 ? 'no etcd there' : others.join('; '));
}

async function executable(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  if (!(await isExecutable(path))) throw new Error(`no ${path}`);
  return path;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
