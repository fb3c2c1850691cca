import { join } from 'node:path';
import { cachedNames, cacheFolder, makeCached, platformName } from '../obtain/cache.ts';
import { buildWithGo } from '../obtain/go-build.ts';
import { goToolchain } from '../obtain/go.ts';
import { run } from '../obtain/run.ts';
import { firstWay, type Progress } from '../obtain/ways.ts';

const module = 'github.com/minio/minio';

/** MinIO's releases are no versions of a Go module: this is the last one that the module proxy has. */
const pinned = 'v0.0.0-20260212201848-7aac2a2c5b7c';

let had: Promise<string> | undefined;

/** Gets the command `minio`: named by HOLDFAST_MINIO, on the PATH, in the cache, or built with Go. */
export async function minioCommand(progress: Progress = () => {}): Promise<string> {
  had ??= firstWay('minio', [
    { name: 'the variable HOLDFAST_MINIO', get: async () => proven(named()) },
    { name: 'minio on the PATH', get: async () => proven('minio') },
    {
      name: 'the cache',
      get: async () => {
        const folder = await cached();
        if (folder === undefined) throw new Error(`none in ${cacheFolder()}`);
        return proven(commandIn(folder));
      },
    },
    { name: 'a build with Go', get: async () => make(progress) },
  ]);
  had.catch(() => (had = undefined));
  return had;
}

function named(): string {
  const command = process.env['HOLDFAST_MINIO'];
  if (command === undefined || command === '') throw new Error('not set');
  return command;
}

async function proven(command: string): Promise<string> {
  try {
    const printed = await run(command, ['--version']);
    if (printed.startsWith('minio version ')) return command;
    throw new Error(`${command} is not MinIO`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error('not there', { cause: error });
  }
}

async function cached(): Promise<string | undefined> {
  const prefix = `minio-${pinned}-${platformName()}`;
  const name = (await cachedNames()).find((each) => each.startsWith(prefix));
  return name === undefined ? undefined : join(cacheFolder(), name);
}

async function make(progress: Progress): Promise<string> {
  const folder = await makeCached(
    'minio',
    async (folder) => {
      const toolchain = await goToolchain(progress);
      const commands = { what: `MinIO ${pinned}`, requires: [`${module} ${pinned}`], packages: [module] };
      await buildWithGo(toolchain, commands, folder, progress);
      await proven(commandIn(folder));
      return `minio-${pinned}-${platformName()}-go${toolchain.version}`;
    },
    cached,
    progress,
  );
  progress(`MinIO ${pinned} is ready`);
  return commandIn(folder);
}

function commandIn(folder: string): string {
  return join(folder, 'bin', 'minio');
}
