import { orSkip, type Skipped } from '../obtain/or-skip.ts';
import { packagedPrograms } from '../obtain/packaged.ts';
import type { Progress } from '../obtain/ways.ts';

/** The program that other systems' users unpack their zips with, as an absolute path. */
export interface UnzipProgram {
  readonly unzip: string;
}

const unzip = {
  part: 'unzip',
  variable: 'HOLDFAST_UNZIP',
  cachedAs: 'unzip',
  packages: ['unzip'],
  programs: ['unzip'],
  versionFlag: '-v',
} as const;

let had: Promise<UnzipProgram> | undefined;

/** Gets unzip: in a folder named by HOLDFAST_UNZIP, on the PATH, in the cache, or unpacked from the distribution's package. */
export async function unzipProgram(progress: Progress = () => {}): Promise<UnzipProgram> {
  had ??= packagedPrograms(unzip, progress);
  had.catch(() => (had = undefined));
  return had;
}

/** Gets unzip for a test file; skipped as with `sealingProgramsOrSkip`. */
export async function unzipOrSkip(): Promise<{ readonly skip: false; readonly had: UnzipProgram } | Skipped> {
  return orSkip(async () => unzipProgram((line) => console.error(line)));
}
