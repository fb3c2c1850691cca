import { orSkip, type Skipped } from '../obtain/or-skip.ts';
import { packagedPrograms } from '../obtain/packaged.ts';
import type { Progress } from '../obtain/ways.ts';

/** The programs with which a stranger opens what is stored, as absolute paths. */
export interface SealingPrograms {
  readonly age: string;
  readonly 'age-keygen': string;
  readonly zstd: string;
}

const ageAndZstd = {
  part: 'age and zstd',
  variable: 'HOLDFAST_AGE_AND_ZSTD',
  cachedAs: 'age-zstd',
  packages: ['age', 'zstd'],
  programs: ['age', 'age-keygen', 'zstd'],
} as const;

let had: Promise<SealingPrograms> | undefined;

/**
 * Gets age and zstd: in a folder named by HOLDFAST_AGE_AND_ZSTD, on the PATH, in the cache, or unpacked from the
 * distribution's packages.
 */
export async function sealingPrograms(progress: Progress = () => {}): Promise<SealingPrograms> {
  had ??= packagedPrograms(ageAndZstd, progress);
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
