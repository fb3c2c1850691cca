import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { run } from './run.ts';
import type { Progress } from './ways.ts';

/**
 * Unpacks Debian packages into `folder`. Nothing is installed or started on the host, so this needs no root.
 * Where the host's package lists are missing or stale, lists of our own are fetched into the cache.
 */
export async function unpackDebian(
  packages: readonly string[],
  folder: string,
  progress: Progress,
): Promise<void> {
  const downloads = join(folder, '.deb');
  await mkdir(downloads, { recursive: true });
  const label = `fetching ${packages.join(', ')} from the distribution`;
  try {
    await run('apt-get', [...common, 'download', ...packages], { cwd: downloads, progress, label });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('no apt-get here', { cause: error });
    const own = await ownLists(progress);
    await run('apt-get', [...common, ...own, 'download', ...packages], { cwd: downloads, progress, label });
  }
  for (const file of await readdir(downloads)) {
    if (file.endsWith('.deb')) await run('dpkg', ['-x', join(downloads, file), folder]);
  }
  await rm(downloads, { recursive: true });
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
