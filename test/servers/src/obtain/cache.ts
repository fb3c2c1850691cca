import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claim, release } from './claim.ts';
import type { Progress } from './ways.ts';

const lookAgainMs = 500;
const sayAgainMs = 5000;

/** The folder, outside any checkout, that keeps what was built or fetched. */
export function cacheFolder(): string {
  const own = process.env['HOLDFAST_CACHE'];
  if (own !== undefined && own !== '') return own;
  const xdg = process.env['XDG_CACHE_HOME'];
  return xdg !== undefined && xdg !== '' ? join(xdg, 'holdfast') : join(homedir(), '.cache', 'holdfast');
}

/** This machine's kind, as it stands in the names of cached folders. */
export function platformName(): string {
  return `${process.platform}-${process.arch}`;
}

/** The names of the cached folders. */
export async function cachedNames(): Promise<string[]> {
  return existsSync(cacheFolder()) ? await readdir(cacheFolder()) : [];
}

/**
 * Makes the cached folder that `make` fills, unless another process makes the same one at this moment: then
 * waits for it. `make` works in a folder of its own and returns the name to keep it under, and only
 * a whole folder ever gets that name.
 */
export async function makeCached(
  work: string,
  make: (folder: string) => Promise<string>,
  find: () => Promise<string | undefined>,
  progress: Progress,
): Promise<string> {
  const cache = cacheFolder();
  await mkdir(cache, { recursive: true });
  const lock = join(cache, `.${work}.lock`);
  await claimWhenFree(lock, work, progress);
  // With the lock in hand nobody else works on these: they are of processes that were killed.
  for (const name of await readdir(cache)) {
    if (name.startsWith(`.${work}-`)) await rm(join(cache, name), { recursive: true, force: true });
  }
  const temporary = await mkdtemp(join(cache, `.${work}-`));
  try {
    const made = await find();
    if (made !== undefined) return made;
    const final = join(cache, await make(temporary));
    await rename(temporary, final);
    return final;
  } finally {
    await rm(temporary, { recursive: true, force: true });
    release(lock);
  }
}

async function claimWhenFree(lock: string, work: string, progress: Progress): Promise<void> {
  const start = performance.now();
  let said = -sayAgainMs;
  while (!claim(lock)) {
    const waited = performance.now() - start;
    if (waited - said >= sayAgainMs) {
      progress(`${work}: another process makes it, waiting … ${Math.round(waited / 1000)} s`);
      said = waited;
    }
    await sleep(lookAgainMs);
  }
}
