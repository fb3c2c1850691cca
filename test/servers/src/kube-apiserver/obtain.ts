import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cachedNames, cacheFolder, makeCached, platformName } from '../obtain/cache.ts';
import { run } from '../obtain/run.ts';
import { compareVersions } from '../obtain/versions.ts';
import { firstWay, type Progress } from '../obtain/ways.ts';
import { buildKubeApiserver } from './build.ts';

/** A kube-apiserver of this machine. */
export interface KubeApiserverBinary {
  readonly path: string;
  /** Exact, as 1.36.3. */
  readonly version: string;
}

/** The exact version that is built: the newest release whose go.mod asks for no newer Go than etcd's do. */
const pinned = '1.36.3';

/** Another one serves too, if it takes the same flags. */
const oldest = '1.30';

let had: Promise<KubeApiserverBinary> | undefined;

/** Gets a kube-apiserver: named by HOLDFAST_KUBE_APISERVER, on the PATH, in the cache, or built with Go. */
export async function kubeApiserverBinary(progress: Progress = () => {}): Promise<KubeApiserverBinary> {
  had ??= firstWay('kube-apiserver', [
    { name: 'the variable HOLDFAST_KUBE_APISERVER', get: async () => newEnough(named()) },
    { name: 'kube-apiserver on the PATH', get: onPath },
    {
      name: 'the cache',
      get: async () => {
        const folder = await cached();
        if (folder === undefined) throw new Error(`none in ${cacheFolder()}`);
        return newEnough(commandIn(folder));
      },
    },
    { name: 'a build with Go', get: async () => make(progress) },
  ]);
  had.catch(() => (had = undefined));
  return had;
}

function named(): string {
  const path = process.env['HOLDFAST_KUBE_APISERVER'];
  if (path === undefined || path === '') throw new Error('not set');
  return path;
}

async function onPath(): Promise<KubeApiserverBinary> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const path = folders.map((folder) => join(folder, 'kube-apiserver')).find((each) => existsSync(each));
  if (path === undefined) throw new Error('none there');
  return newEnough(path);
}

async function newEnough(path: string): Promise<KubeApiserverBinary> {
  const printed = await run(path, ['--version']);
  const version = /^Kubernetes v(\d+\.\d+\.\d+)/.exec(printed)?.[1];
  if (version === undefined || compareVersions(version, oldest) < 0)
    throw new Error(`${path} is ${version ?? 'of no version that it tells'}, not ${oldest} or newer`);
  return { path, version };
}

async function cached(): Promise<string | undefined> {
  const prefix = `kube-apiserver-${pinned}-${platformName()}`;
  const name = (await cachedNames()).find((each) => each.startsWith(prefix));
  return name === undefined ? undefined : join(cacheFolder(), name);
}

async function make(progress: Progress): Promise<KubeApiserverBinary> {
  const folder = await makeCached(
    'kube-apiserver',
    async (folder) => {
      const go = await buildKubeApiserver(pinned, folder, progress);
      const { version } = await newEnough(commandIn(folder));
      return `kube-apiserver-${version}-${platformName()}-go${go}`;
    },
    cached,
    progress,
  );
  const binary = await newEnough(commandIn(folder));
  progress(`kube-apiserver ${binary.version} is ready`);
  return binary;
}

function commandIn(folder: string): string {
  return join(folder, 'bin', 'kube-apiserver');
}
