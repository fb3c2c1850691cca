import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';
import type { Progress } from './ways.ts';

/**
 * Unpacks Debian packages into `folder`. Nothing is installed or started on the host, so this needs no root.
 * Where the host's package lists are missing or stale, lists of our own are fetched into the cache.
 * @param withLibraries unpacks the libraries too that they need and that the host does not have
 */
export async function unpackDebian(
  packages: readonly string[],
  folder: string,
  progress: Progress,
  withLibraries = false,
): Promise<void> {
  const downloads = join(folder, '.deb');
  await mkdir(downloads, { recursive: true });
  const label = `fetching ${packages.join(', ')} from the distribution`;
  const download = async (lists: readonly string[]): Promise<void> => {
    const libraries = withLibraries ? await missingLibraries(packages, lists) : [];
    const args = [...common, ...lists, 'download', ...packages, ...libraries];
    await run('apt-get', args, { cwd: downloads, progress, label });
  };
  try {
    await download([]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('no apt-get here', { cause: error });
    await download(await ownLists(progress));
  }
  for (const file of await readdir(downloads)) {
    if (file.endsWith('.deb')) await run('dpkg', ['-x', join(downloads, file), folder]);
  }
  await rm(downloads, { recursive: true });
}

/** Asks what an installation would add: of that, the packages that are named like libraries. */
async function missingLibraries(packages: readonly string[], lists: readonly string[]): Promise<string[]> {
  const args = [...common, ...lists, '--simulate', '--no-install-recommends', 'install', ...packages];
  return [...(await run('apt-get', args)).matchAll(/^Inst (lib\S+)/gm)].map(([, name]) => name ?? '');
}

const common = [
  '-q',
  ...[
    'APT::Sandbox::User=root',
    'Acquire::Retries=1',
    'Acquire::http::Timeout=10',
    'Acquire::https::Timeout=10',
  ].flatMap((setting) => ['-o', setting]),
];

async function ownLists(progress: Progress): Promise<string[]> {
  const apt = join(cacheFolder(), 'apt');
  await mkdir(join(apt, 'lists', 'partial'), { recursive: true });
  await mkdir(join(apt, 'cache', 'archives', 'partial'), { recursive: true });
  const settings = [
    '-o',
    `Dir::State::lists=${join(apt, 'lists')}`,
    '-o',
    `Dir::Cache=${join(apt, 'cache')}`,
  ];
  await run('apt-get', [...common, ...settings, 'update'], {
    progress,
    label: 'fetching the list of packages of the distribution',
  });
  return settings;
}
