import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '@holdfast/base';

const run = promisify(execFile);

/** Milliseconds in which a program tells its version; a busy machine may have to read it from a slow disk first. */
const versionMs = 30_000;

/** An etcd program that runs on this machine. */
export interface EtcdProgram {
  readonly path: string;
  /** Exact, as 3.6.16. */
  readonly version: string;
}

/**
 * Asks an etcd program for its version.
 *
 * @param path a path, or a name that is looked up on the PATH
 * @throws Failure etcd-program-missing; the signal's reason
 */
export async function etcdProgram(path: string, signal: AbortSignal): Promise<EtcdProgram> {
  let text: string;
  try {
    const options = { env: plainEnvironment(), timeout: versionMs, killSignal: 'SIGKILL', signal } as const;
    text = (await run(path, ['--version'], options)).stdout;
  } catch (cause) {
    signal.throwIfAborted();
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such program' : 'it does not run';
    throw missing(path, `${path}: ${why}`, { cause });
  }
  const version = /^etcd Version: (\d+\.\d+\.\d+\S*)/m.exec(text)?.[1];
  if (version === undefined) throw missing(path, `${path} does not say that it is an etcd`);
  return { path, version };
}

/**
 * Refuses a program that must not open this data: an older etcd does not know it, a newer one than the next may not.
 *
 * @param data the version of the etcd that wrote it, as 3.5.0; null when it is not known, and nothing is refused
 * @throws Failure etcd-program-missing
 */
export function refuseMisfit(program: EtcdProgram, data: string | null): void {
  const wrote = minorOf(data ?? program.version);
  const runs = minorOf(program.version);
  if (runs === wrote || runs === wrote + 1) return;
  throw missing(
    program.path,
    `${program.path} is etcd ${program.version}, but the data is of etcd 3.${wrote}, which only 3.${wrote} or 3.${wrote + 1} may open`,
  );
}

/** The minor of a version of etcd 3: 6 of 3.6.16. */
export function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/**
 * What an etcd of ours finds in its environment: enough to be found. A variable as ETCD_DATA_DIR would be taken for its
 * configuration, and of the rest it needs nothing.
 */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    // 3.4 starts on other machines than x64 only when told which one it is.
    ...(process.arch !== 'x64' && { ETCD_UNSUPPORTED_ARCH: process.arch }),
  };
}

function missing(path: string, why: string, options?: ErrorOptions): Failure {
  return new Failure('etcd-program-missing', why, { program: path }, options);
}
