import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { cachedNames, cacheFolder, makeCached, platformName } from '../obtain/cache.ts';
import { unpackDebian } from '../obtain/debian.ts';
import { orSkip, type Skipped } from '../obtain/or-skip.ts';
import { run } from '../obtain/run.ts';
import { firstWay, type Progress } from '../obtain/ways.ts';

/** The programs with which a stranger opens what is stored, as absolute paths. */
export interface SealingPrograms {
  readonly age: string;
  readonly 'age-keygen': string;
  readonly zstd: string;
}

const names = ['age', 'age-keygen', 'zstd'] as const;

let had: Promise<SealingPrograms> | undefined;

/**
 * Gets age and zstd: in a folder named by HOLDFAST_AGE_AND_ZSTD, on the PATH, in the cache, or unpacked from the
 * distribution's packages.
 */
export async function sealingPrograms(progress: Progress = () => {}): Promise<SealingPrograms> {
  had ??= firstWay('age and zstd', [
    {
      name: 'the variable HOLDFAST_AGE_AND_ZSTD',
      get: async () => {
        const folder = process.env['HOLDFAST_AGE_AND_ZSTD'];
        if (folder === undefined || folder === '') throw new Error('not set');
        return programsIn([folder]);
      },
    },
    { name: 'the PATH', get: async () => programsIn((process.env['PATH'] ?? '').split(delimiter)) },
    {
      name: 'the cache',
      get: async () => {
        const folder = await cached();
        if (folder === undefined) throw new Error(`none in ${cacheFolder()}`);
        return programsIn([join(folder, 'bin')]);
      },
    },
    { name: "the distribution's packages", get: async () => make(progress) },
  ]);
  had.catch(() => (had = undefined));
  return had;
}

/**
 * Gets age and zstd for a test file, as `describe.skipIf((await sealingProgramsOrSkip()).skip)(…)`. Where they cannot be
 * had its tests are skipped, with one line that says why; but in CI (CI=true) they fail.
 */
export async function sealingProgramsOrSkip(): Promise<
  { readonly skip: false; readonly had: SealingPrograms } | Skipped
> {
  return orSkip(async () => sealingPrograms((line) => console.error(line)));
}

/** Takes each program from the first folder that has it; that it tells its version shows that it runs here. */
async function programsIn(folders: readonly string[]): Promise<SealingPrograms> {
  const paths = names.map((name) => {
    const folder = folders.find((each) => each !== '' && existsSync(join(each, name)));
    if (folder === undefined) throw new Error(`no ${name} there`);
    return join(folder, name);
  });
  for (const path of paths) await run(path, ['--version']);
  const [age, keygen, zstd] = paths as [string, string, string];
  return { age, 'age-keygen': keygen, zstd };
}

async function cached(): Promise<string | undefined> {
  const name = (await cachedNames()).find((each) => each === `age-zstd-${platformName()}-packaged`);
  return name === undefined ? undefined : join(cacheFolder(), name);
}

async function make(progress: Progress): Promise<SealingPrograms> {
  const folder = await makeCached(
    'age-zstd',
    async (folder) => {
      await unpackDebian(['age', 'zstd'], folder, progress);
      await rename(join(folder, 'usr', 'bin'), join(folder, 'bin'));
      await rm(join(folder, 'usr'), { recursive: true });
      await programsIn([join(folder, 'bin')]);
      return `age-zstd-${platformName()}-packaged`;
    },
    cached,
    progress,
  );
  return programsIn([join(folder, 'bin')]);
}
