import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedNames, cacheFolder, makeCached, platformName } from './cache.ts';
import { unpackDebian } from './debian.ts';
import { buildEtcd } from './etcd-build.ts';
import { type EtcdBinaries, etcdInFolder, etcdOnPath } from './etcd-folder.ts';
import { type EtcdMinor, pinnedEtcd } from './versions.ts';
import { firstWay, type Progress, type Way } from './ways.ts';

const had = new Map<EtcdMinor, Promise<EtcdBinaries>>();

/**
 * Gets etcd and its tools of one minor: named by a variable as HOLDFAST_ETCD_3_5, on the PATH, in the cache,
 * and else made for the cache: 3.4 from the distribution's packages, later ones built with Go.
 */
export async function etcdBinaries(minor: EtcdMinor, progress: Progress = () => {}): Promise<EtcdBinaries> {
  let getting = had.get(minor);
  if (getting === undefined) {
    getting = firstWay(`etcd ${minor}`, waysToEtcd(minor, progress));
    had.set(minor, getting);
    getting.catch(() => had.delete(minor));
  }
  return getting;
}

function waysToEtcd(minor: EtcdMinor, progress: Progress): Way<EtcdBinaries>[] {
  const variable = `HOLDFAST_ETCD_${minor.replace('.', '_')}`;
  return [
    {
      name: `the variable ${variable}`,
      get: async () => {
        const folder = process.env[variable];
        if (folder === undefined || folder === '') throw new Error('not set');
        return etcdInFolder(folder, minor);
      },
    },
    { name: 'etcd on the PATH', get: () => etcdOnPath(minor) },
    {
      name: 'the cache',
      get: async () => {
        const folder = await cachedEtcd(minor);
        if (folder === undefined) throw new Error(`none in ${cacheFolder()}`);
        return etcdInFolder(join(folder, 'bin'), minor);
      },
    },
    minor === '3.4'
      ? { name: "the distribution's packages", get: () => make(minor, progress, unpackPackages) }
      : { name: 'a build with Go', get: () => make(minor, progress, build) },
  ];
}

/** Built ones must be of the pinned version; of 3.4 any patch will do. Whatever Go built them. */
async function cachedEtcd(minor: EtcdMinor): Promise<string | undefined> {
  const prefix = minor === '3.4' ? 'etcd-3.4.' : `etcd-${pinnedEtcd[minor]}-`;
  const name = (await cachedNames()).find(
    (name) => name.startsWith(prefix) && name.includes(`-${platformName()}`),
  );
  return name === undefined ? undefined : join(cacheFolder(), name);
}

type Make = (folder: string, minor: EtcdMinor, progress: Progress) => Promise<string>;

async function make(minor: EtcdMinor, progress: Progress, fill: Make): Promise<EtcdBinaries> {
  const folder = await makeCached(
    `etcd-${minor}`,
    async (folder) => {
      const madeBy = await fill(folder, minor, progress);
      const { version } = await etcdInFolder(join(folder, 'bin'), minor);
      return `etcd-${version}-${platformName()}-${madeBy}`;
    },
    () => cachedEtcd(minor),
    progress,
  );
  const binaries = await etcdInFolder(join(folder, 'bin'), minor);
  progress(`etcd ${binaries.version} is ready`);
  return binaries;
}

const build: Make = async (folder, minor, progress) => {
  if (minor === '3.4') throw new Error('its modules are not released');
  return `go${await buildEtcd(pinnedEtcd[minor], folder, progress)}`;
};

const unpackPackages: Make = async (folder, _minor, progress) => {
  await unpackDebian(['etcd-server', 'etcd-client'], folder, progress);
  await rename(join(folder, 'usr', 'bin'), join(folder, 'bin'));
  for (const name of ['usr', 'etc', 'lib', 'var'])
    await rm(join(folder, name), { recursive: true, force: true });
  return 'packaged';
};
