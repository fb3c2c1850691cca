import { existsSync } from 'node:fs';
import { chmod, readdir, readlink, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeCached } from './cache.ts';
import { unpackDebian } from './debian.ts';
import { run } from './run.ts';
import { fetchedGo } from './versions.ts';
import { firstWay, type Progress } from './ways.ts';

/**
 * Fetches the pinned Go into the cached folder `final`. Any Go, however old, downloads a newer one from
 * the module proxy (and checks it against the checksum database), because toolchains are published as
 * modules: so the one on the PATH serves, or else Debian's.
 */
export async function fetchGo(final: string, progress: Progress): Promise<void> {
  await makeCached(
    basename(final),
    async (folder) => {
      const downloaded = await download(await olderGo(join(folder, 'older'), progress), folder, progress);
      const toolchain = join(folder, 'toolchain');
      await rename(downloaded, toolchain);
      for (const name of await readdir(folder)) {
        if (name !== 'toolchain') await rm(join(folder, name), { recursive: true, force: true });
      }
      for (const name of await readdir(toolchain)) await rename(join(toolchain, name), join(folder, name));
      await makeExecutable(folder);
      return basename(final);
    },
    async () => (existsSync(final) ? final : undefined),
    progress,
  );
}

interface OlderGo {
  readonly go: string;
  readonly env: NodeJS.ProcessEnv;
}

async function olderGo(folder: string, progress: Progress): Promise<OlderGo> {
  return firstWay('a Go of any age', [
    {
      name: 'go on the PATH',
      get: async () => {
        await run('go', ['version'], { env: { GOTOOLCHAIN: 'local' } });
        return { go: 'go', env: {} };
      },
    },
    {
      name: 'the distribution',
      get: async () => {
        // golang-go is little more than the link /usr/lib/go to the release that the distribution means by it.
        await unpackDebian(['golang-go'], folder, progress);
        const release = basename(await readlink(join(folder, 'usr', 'lib', 'go')));
        await unpackDebian([`golang-${release.replace('go-', '')}-go`], folder, progress);
        const root = join(folder, 'usr', 'lib', release);
        return { go: join(root, 'bin', 'go'), env: { GOROOT: root } };
      },
    },
  ]);
}

async function download({ go, env }: OlderGo, folder: string, progress: Progress): Promise<string> {
  const module = `golang.org/toolchain@v0.0.1-go${fetchedGo}.${goPlatform()}`;
  const answer = await run(go, ['mod', 'download', '-json', module], {
    cwd: folder,
    env: {
      ...env,
      GOTOOLCHAIN: 'local',
      GOPATH: join(folder, 'path'),
      GOMODCACHE: join(folder, 'path', 'mod'),
      GOFLAGS: '-modcacherw',
    },
    progress,
    label: `fetching Go ${fetchedGo}`,
  });
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

function goPlatform(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  return `${os}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
}

/** Files of a module carry no permissions. */
async function makeExecutable(root: string): Promise<void> {
  const tools = join(root, 'pkg', 'tool', goPlatform().replace('-', '_'));
  for (const folder of [join(root, 'bin'), tools]) {
    for (const name of await readdir(folder)) await chmod(join(folder, name), 0o755);
  }
}
