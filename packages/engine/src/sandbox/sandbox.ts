import { randomBytes } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import { lastWords, logTail } from '@holdfast/etcd/server-log';
import { startChild, type Child } from './child.ts';
import { isHealthy } from './health.ts';
import { freePorts } from './ports.ts';
import { minorOf, type EtcdProgram } from './program.ts';

/** What to start, and on what. */
export interface SandboxOptions {
  readonly program: EtcdProgram;
  /** A data directory of one member; it is changed. */
  readonly dataDir: string;
  /** Takes the log; made for this user only when it is not there. */
  readonly folder: string;
  /** Make a cluster of one of a member that had others: etcd replays its log, and forgets them. */
  readonly forceNewCluster?: boolean;
  readonly clock: Clock;
  /** Kills it when it is aborted. */
  readonly signal: AbortSignal;
}

/** A throw-away etcd of one member, reached without TLS on this machine alone. Disposing of it kills it. */
export interface Sandbox extends AsyncDisposable {
  readonly endpoint: string;
  /**
   * Lets it end by itself, so that its db has everything.
   *
   * @throws Failure etcd-not-stopped when it had to be killed, or had ended otherwise
   */
  stop(): Promise<void>;
  /** The last lines of its log. */
  logTail(): Promise<string>;
}

/** Milliseconds between two questions whether it is healthy. */
const pollMs = 50;
/** Milliseconds until it is healthy: an election and a margin, and the reading of the db at 10 MB/s. */
const startMs = 60_000;
const startPerByteMs = 1000 / 10_000_000;
/** Milliseconds for a clean end. */
const stopMs = 30_000;
/** Ports are free when they are asked for, and may be taken before etcd listens. */
const attempts = 3;
/** Bytes: etcd's own default for a database. */
const leastQuota = 2 * 1024 ** 3;
/** Bytes of heap for an etcd of no data; its index of keys is smaller than its database. */
const leastMemory = 512 * 1024 ** 2;

/** What failures call it. */
const member = 'a throw-away server';

/**
 * Starts an etcd and waits until it has a leader and answers.
 *
 * @throws Failure etcd-not-started, with the end of the log as detail; file-unreadable without a db; the signal's reason
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dataDir, folder } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const bytes = await dbBytes(dataDir);
  for (let attempt = 1; ; attempt += 1) {
    const logFile = join(folder, `etcd-${attempt}.log`);
    try {
      return await startOnce(options, bytes, logFile);
    } catch (error) {
      const lostPort = /address already in use/.test(await logTail(logFile));
      if (!lostPort || attempt === attempts || options.signal.aborted) throw error;
    }
  }
}

async function startOnce(options: SandboxOptions, bytes: number, logFile: string): Promise<Sandbox> {
  const { program, clock, signal } = options;
  const [client, peer] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`) as [string, string];
  signal.throwIfAborted();
  const args = sandboxArguments(options, { client, peer, bytes });
  const child = await launch(program.path, args, logFile, leastMemory + bytes);
  const kill = (): void => child.signal('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const sandbox: Sandbox = {
    endpoint: client,
    stop: () => stop(child, clock),
    logTail: () => logTail(logFile),
    async [Symbol.asyncDispose]() {
      kill();
      await child.ended;
      signal.removeEventListener('abort', kill);
    },
  };
  try {
    await healthy(child, client, options, startMs + bytes * startPerByteMs);
    return sandbox;
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    signal.throwIfAborted();
    const log = await logTail(logFile);
    const why = `${(error as Error).message}: ${lastWords(log)}`;
    throw new Failure('etcd-not-started', why, { member, log }, { cause: error });
  }
}

async function launch(...start: Parameters<typeof startChild>): Promise<Child> {
  try {
    return await startChild(...start);
  } catch (cause) {
    throw new Failure('etcd-not-started', (cause as Error).message, { member, log: '' }, { cause });
  }
}

/** etcd checks these against each other even where the log of an older cluster decides. */
function sandboxArguments(
  { program, dataDir, forceNewCluster }: SandboxOptions,
  { client, peer, bytes }: { client: string; peer: string; bytes: number },
): string[] {
  const name = 'holdfast-sandbox';
  return [
    `--name=${name}`,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${name}=${peer}`,
    `--initial-cluster-token=holdfast-${randomBytes(8).toString('hex')}`,
    `--quota-backend-bytes=${Math.max(leastQuota, 2 * bytes)}`,
    ...(forceNewCluster === true ? ['--force-new-cluster'] : []),
    // The later ones log in this form without being told, and 3.7 has nothing else to be told.
    ...(minorOf(program.version) === 4 ? ['--logger=zap'] : []),
  ];
}

async function healthy(
  child: Child,
  endpoint: string,
  { clock, signal }: SandboxOptions,
  withinMs: number,
): Promise<void> {
  const deadline = clock.monotonic() + withinMs;
  while (!(await isHealthy(endpoint, signal))) {
    signal.throwIfAborted();
    if (child.ending !== undefined) throw new Error(`it ended with ${child.ending}`);
    if (clock.monotonic() > deadline) throw new Error(`it was not healthy after ${Math.round(withinMs)} ms`);
    await clock.sleep(pollMs, signal);
  }
}

async function stop(child: Child, clock: Clock): Promise<void> {
  child.signal('SIGTERM');
  const given = new AbortController();
  const late = clock.sleep(stopMs, given.signal).then(
    () => child.signal('SIGKILL'),
    () => {},
  );
  await child.ended;
  given.abort();
  await late;
  // Once it has closed everything etcd sends itself the signal that it was sent.
  if (child.ending === 'SIGTERM' || child.ending === 'exit status 0') return;
  throw new Failure('etcd-not-stopped', `it ended with ${child.ending}`, { member });
}

async function dbBytes(dataDir: string): Promise<number> {
  const path = join(dataDir, 'member', 'snap', 'db');
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw new Failure('file-unreadable', (cause as Error).message, { path }, { cause });
  }
}
