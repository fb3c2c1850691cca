import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, platformName } from './cache.ts';
import { fetchGo } from './go-fetch.ts';
import { run } from './run.ts';
import { compareVersions, fetchedGo, oldestGo } from './versions.ts';
import { firstWay, type Progress } from './ways.ts';

/** A Go that can build every pinned etcd. */
export interface GoToolchain {
  readonly go: string;
  /** Exact, as 1.26.11. */
  readonly version: string;
  /** What its commands must be run with. */
  readonly env: NodeJS.ProcessEnv;
}

/** Gets a Go toolchain: named by HOLDFAST_GO, on the PATH, in the cache, or fetched from the Go module proxy. */
export async function goToolchain(progress: Progress): Promise<GoToolchain> {
  return firstWay(`Go ${oldestGo} or newer`, [
    { name: 'the variable HOLDFAST_GO', get: () => newEnough(namedGo(), {}) },
    { name: 'go on the PATH', get: () => newEnough('go', {}) },
    { name: 'the cache', get: cachedGo },
    {
      name: 'the Go module proxy',
      get: async () => {
        await fetchGo(cachedGoFolder(), progress);
        return cachedGo();
      },
    },
  ]);
}

function namedGo(): string {
  const named = process.env['HOLDFAST_GO'];
  if (named === undefined || named === '') throw new Error('not set');
  return named;
}

async function newEnough(go: string, env: NodeJS.ProcessEnv): Promise<GoToolchain> {
  const plain = { GOTOOLCHAIN: 'local', GOWORK: 'off', ...env };
  const version = versionOfGo(await runGo(go, ['env', 'GOVERSION'], plain));
  if (compareVersions(version, oldestGo) < 0) throw new Error(`is Go ${version}`);
  return { go, version, env: plain };
}

async function runGo(go: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  try {
    return await run(go, args, { env });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error('not there', { cause: error });
    throw error;
  }
}

function versionOfGo(text: string): string {
  const version = /go(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
  if (version === undefined) throw new Error(`does not tell its version: ${text.trim()}`);
  return version;
}

/** A Go of ours keeps its modules and objects in our cache too, and as files that can be deleted. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const home = join(cacheFolder(), 'gopath');
  return {
    GOROOT: undefined,
    GOPATH: home,
    GOMODCACHE: join(home, 'mod'),
    GOCACHE: join(home, 'build'),
    GOFLAGS: '-modcacherw',
  };
}

async function cachedGo(): Promise<GoToolchain> {
  const folder = cachedGoFolder();
  if (!existsSync(folder)) throw new Error(`no ${folder}`);
  return newEnough(join(folder, 'bin', 'go'), ownEnvironment());
}

function cachedGoFolder(): string {
  return join(cacheFolder(), `go-${fetchedGo}-${platformName()}`);
}
