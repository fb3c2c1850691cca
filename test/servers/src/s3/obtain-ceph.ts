import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { cachedNames, cacheFolder, makeCached, platformName } from '../obtain/cache.ts';
import { unpackDebian } from '../obtain/debian.ts';
import { run } from '../obtain/run.ts';
import { firstWay, type Progress } from '../obtain/ways.ts';

/** The programs that a Ceph with an S3 gateway takes. */
const servers = ['ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin'] as const;
const programs = [...servers, 'monmaptool', 'osdmaptool'] as const;

/** A Ceph of this machine, installed or only unpacked. */
export interface Ceph {
  /** Exact, as 16.2.15. */
  readonly version: string;
  path(program: (typeof programs)[number]): string;
  /** What its programs must be run with. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the plugins lie that are loaded at run time: `ceph`, and `rados-classes`. */
  readonly libraries: string;
}

let had: Promise<Ceph> | undefined;

/** Gets Ceph: below a root named by HOLDFAST_CEPH, installed, in the cache, or unpacked from the distribution's packages. */
export async function cephPrograms(progress: Progress = () => {}): Promise<Ceph> {
  had ??= firstWay('radosgw', [
    { name: 'the variable HOLDFAST_CEPH', get: async () => cephBelow(named()) },
    { name: 'radosgw on the PATH', get: async () => cephBelow(installed()) },
    {
      name: 'the cache',
      get: async () => {
        const folder = await cached();
        if (folder === undefined) throw new Error(`none in ${cacheFolder()}`);
        return cephBelow(folder);
      },
    },
    { name: "the distribution's packages", get: async () => make(progress) },
  ]);
  had.catch(() => (had = undefined));
  return had;
}

function named(): string {
  const root = process.env['HOLDFAST_CEPH'];
  if (root === undefined || root === '') throw new Error('not set');
  return root;
}

function installed(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const folder = folders.find((each) => existsSync(join(each, 'radosgw')));
  if (folder === undefined) throw new Error('none there');
  return dirname(dirname(folder));
}

/** Libraries of packages that are only unpacked are found by a variable; their folder is named after the platform. */
async function cephBelow(root: string): Promise<Ceph> {
  const bin = join(root, 'usr', 'bin');
  const lib = join(root, 'usr', 'lib');
  const platform = (existsSync(lib) ? await readdir(lib) : []).find((name) =>
    existsSync(join(lib, name, 'rados-classes')),
  );
  if (platform === undefined) throw new Error(`no rados-classes below ${lib}`);
  const libraries = join(lib, platform);
  const searched = [libraries, join(libraries, 'ceph'), join(root, 'lib', platform)];
  const env: Record<string, string> = root === '/' ? {} : { LD_LIBRARY_PATH: searched.join(':') };
  const path = (name: string): string => join(bin, name);
  for (const name of programs) if (!existsSync(path(name))) throw new Error(`no ${path(name)}`);
  // That each starts shows that its libraries are there.
  const printed = await Promise.all(servers.map(async (name) => run(path(name), ['--version'], { env })));
  const version = /^ceph version (\d+\.\d+\.\d+)/m.exec(printed.join(''))?.[1];
  if (version === undefined) throw new Error(`${path('radosgw')} tells no version`);
  return { version, path, env, libraries };
}

async function cached(): Promise<string | undefined> {
  const name = (await cachedNames()).find((each) => /^ceph-\d/.test(each) && each.includes(platformName()));
  return name === undefined ? undefined : join(cacheFolder(), name);
}

async function make(progress: Progress): Promise<Ceph> {
  const folder = await makeCached(
    'ceph',
    async (folder) => {
      await unpackDebian(
        ['ceph-base', 'ceph-common', 'ceph-mon', 'ceph-osd', 'radosgw'],
        folder,
        progress,
        true,
      );
      await prune(folder);
      const { version } = await cephBelow(folder);
      return `ceph-${version}-${platformName()}-packaged`;
    },
    cached,
    progress,
  );
  const ceph = await cephBelow(folder);
  progress(`radosgw ${ceph.version} is ready`);
  return ceph;
}

/** Keeps the programs, and the libraries with their plugins. */
async function prune(root: string): Promise<void> {
  const keep = (folder: string, names: readonly string[]): Promise<unknown> =>
    removeOthers(join(root, folder), names);
  await keep('.', ['usr', 'lib']);
  await keep('usr', ['bin', 'lib']);
  await keep('usr/bin', programs);
}

async function removeOthers(folder: string, kept: readonly string[]): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!kept.includes(name)) await rm(join(folder, name), { recursive: true });
  }
}
