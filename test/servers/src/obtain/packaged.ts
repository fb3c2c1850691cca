import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cachedNames, cacheFolder, makeCached, platformName } from './cache.ts';
import { unpackDebian } from './debian.ts';
import { run } from './run.ts';
import { firstWay, type Progress } from './ways.ts';

/** Programs of the distribution that stand alone: no matter which version, and no service or library goes with them. */
export interface PackagedPart<Name extends string> {
  /** As a person calls it. */
  readonly part: string;
  /** Names a folder that has all of the programs. */
  readonly variable: string;
  /** What its folder in the cache begins with. */
  readonly cachedAs: string;
  readonly packages: readonly string[];
  readonly programs: readonly Name[];
  /** With which they tell their versions; `--version` when absent. */
  readonly versionFlag?: string;
}

/** Gets the programs of a part: in the folder that its variable names, on the PATH, in the cache, or unpacked from packages. */
export async function packagedPrograms<Name extends string>(
  what: PackagedPart<Name>,
  progress: Progress,
): Promise<Readonly<Record<Name, string>>> {
  const { part, variable } = what;
  return firstWay(part, [
    {
      name: `the variable ${variable}`,
      get: async () => {
        const folder = process.env[variable];
        if (folder === undefined || folder === '') throw new Error('not set');
        return programsIn(what, [folder]);
      },
    },
    { name: 'the PATH', get: async () => programsIn(what, (process.env['PATH'] ?? '').split(delimiter)) },
    {
      name: 'the cache',
      get: async () => {
        const folder = await cached(what);
        if (folder === undefined) throw new Error(`none in ${cacheFolder()}`);
        return programsIn(what, [join(folder, 'bin')]);
      },
    },
    { name: "the distribution's packages", get: async () => make(what, progress) },
  ]);
}

/** Takes each program from the first folder that has it; that it tells its version shows that it runs here. */
async function programsIn<Name extends string>(
  { programs, versionFlag = '--version' }: PackagedPart<Name>,
  folders: readonly string[],
): Promise<Readonly<Record<Name, string>>> {
  const found = programs.map((name) => {
    const folder = folders.find((each) => each !== '' && existsSync(join(each, name)));
    if (folder === undefined) throw new Error(`no ${name} there`);
    return [name, join(folder, name)] as const;
  });
  for (const [, path] of found) await run(path, [versionFlag]);
  return Object.fromEntries(found) as Record<Name, string>;
}

function folderName({ cachedAs }: PackagedPart<string>): string {
  return `${cachedAs}-${platformName()}-packaged`;
}

async function cached(what: PackagedPart<string>): Promise<string | undefined> {
  const name = (await cachedNames()).find((each) => each === folderName(what));
  return name === undefined ? undefined : join(cacheFolder(), name);
}

async function make<Name extends string>(
  what: PackagedPart<Name>,
  progress: Progress,
): Promise<Readonly<Record<Name, string>>> {
  const folder = await makeCached(
    what.cachedAs,
    async (folder) => {
      await unpackDebian(what.packages, folder, progress);
      await rename(join(folder, 'usr', 'bin'), join(folder, 'bin'));
      await rm(join(folder, 'usr'), { recursive: true });
      await programsIn(what, [join(folder, 'bin')]);
      return folderName(what);
    },
    async () => cached(what),
    progress,
  );
  return programsIn(what, [join(folder, 'bin')]);
}
