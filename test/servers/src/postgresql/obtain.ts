import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cachedNames, cacheFolder, makeCached, platformName } from '../obtain/cache.ts';
import { unpackDebian } from '../obtain/debian.ts';
import { run, runAny } from '../obtain/run.ts';
import { firstWay, type Progress } from '../obtain/ways.ts';
import { asUser } from './user.ts';

/** The programs of one PostgreSQL, which stand in one folder. */
export interface PostgresqlPrograms {
  readonly version: string;
  readonly environment: NodeJS.ProcessEnv;
  path(program: 'initdb' | 'postgres' | 'psql'): string;
}

/** Where Debian has each major version, which it does not put on the PATH. */
const installed = '/usr/lib/postgresql';

/** Debian's current ones, where no list of packages says which there are. */
const guesses: readonly number[] = [17, 15];

let had: Promise<PostgresqlPrograms> | undefined;

/**
 * Gets PostgreSQL: in a folder named by HOLDFAST_POSTGRESQL, on the PATH, where Debian installs it, in the cache, or
 * unpacked from the distribution's packages.
 */
export async function postgresqlPrograms(progress: Progress = () => {}): Promise<PostgresqlPrograms> {
  had ??= firstWay('PostgreSQL', [
    { name: 'the variable HOLDFAST_POSTGRESQL', get: async () => programsIn(named()) },
    {
      name: 'the PATH',
      get: async () => programsIn((process.env['PATH'] ?? '').split(delimiter).filter((each) => each !== '')),
    },
    { name: installed, get: async () => programsIn(versionsBelow(installed)) },
    { name: 'the cache', get: async () => fromTree(await cached()) },
    { name: "the distribution's packages", get: async () => make(progress) },
  ]);
  had.catch(() => (had = undefined));
  return had;
}

function named(): string[] {
  const folder = process.env['HOLDFAST_POSTGRESQL'];
  if (folder === undefined || folder === '') throw new Error('not set');
  return [folder];
}

/** The folders of programs below one that has a folder for each major version, the newest first. */
function versionsBelow(folder: string): string[] {
  const versions = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
  return versions.sort((a, b) => Number(b) - Number(a)).map((name) => join(folder, name, 'bin'));
}

/** Takes the first folder that has them all; the user who is to run them has to be let in. */
async function programsIn(
  folders: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<PostgresqlPrograms> {
  const folder = folders.find((each) =>
    ['initdb', 'postgres', 'psql'].every((name) => existsSync(join(each, name))),
  );
  if (folder === undefined) throw new Error('no initdb, postgres and psql there');
  const path = (program: string): string => join(folder, program);
  const [command, args] = asUser(path('postgres'), ['--version']);
  const printed = await run(command, args, { env: environment });
  return { version: /[\d.]+/.exec(printed)?.[0] ?? printed.trim(), environment, path };
}

/** The programs in a tree of unpacked packages, with the libraries that came along. */
async function fromTree(tree: string | undefined): Promise<PostgresqlPrograms> {
  if (tree === undefined) throw new Error(`none in ${cacheFolder()}`);
  const libraries = join(tree, 'usr', 'lib');
  const below = readdirSync(libraries).map((name) => join(libraries, name));
  return programsIn(versionsBelow(join(libraries, 'postgresql')), { LD_LIBRARY_PATH: below.join(delimiter) });
}

const cachedAs = `postgresql-${platformName()}-packaged`;

async function cached(): Promise<string | undefined> {
  const name = (await cachedNames()).find((each) => each === cachedAs);
  return name === undefined ? undefined : join(cacheFolder(), name);
}

async function make(progress: Progress): Promise<PostgresqlPrograms> {
  const tree = await makeCached(
    'postgresql',
    async (folder) => {
      await unpackNewest(folder, progress);
      await fromTree(folder);
      return cachedAs;
    },
    cached,
    progress,
  );
  return fromTree(tree);
}

async function unpackNewest(folder: string, progress: Progress): Promise<void> {
  const listed = await runAny('apt-cache', ['pkgnames', 'postgresql-']).catch(() => undefined);
  const known = [...(listed?.stdout ?? '').matchAll(/^postgresql-(\d+)$/gm)].map(([, version]) =>
    Number(version),
  );
  const versions = known.length > 0 ? known.sort((a, b) => b - a).slice(0, 1) : guesses;
  const reasons: unknown[] = [];
  for (const version of versions) {
    try {
      await unpackDebian([`postgresql-${version}`, `postgresql-client-${version}`], folder, progress, true);
      return;
    } catch (error) {
      reasons.push(error);
    }
  }
  throw reasons[0];
}
