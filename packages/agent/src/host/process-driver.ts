import { spawn } from 'node:child_process';
import { access, constants, open, stat } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { Failure, type Clock } from '@holdfast/base';
import { lastWords, logTail } from '@holdfast/etcd/server-log';
import type { HostDescription, MemberDescription } from '@holdfast/model';
import type { HostDriver, StartOptions } from './driver.ts';
import { configFileOf } from './etcd-settings.ts';
import { joinBesideFile, joinFlags } from './join-flags.ts';
import { firstMomentsMs, lookAgainMs, stopGraceMs } from './patience.ts';
import { etcdProcessesOn, type EtcdProcess } from './processes.ts';

type ProcessRun = Extract<HostDescription, { driver: 'process' }>;

/** Runs etcd as a process of its own that nobody watches over. It is found again by its data directory. */
export function processDriver(member: MemberDescription, run: ProcessRun, clock: Clock): HostDriver {
  const find = (): Promise<EtcdProcess[]> => etcdProcessesOn(member.dataDir);
  // What it said before the last start is no news.
  let begun = 0;
  const tail = (): Promise<string> => logTail(run.logFile, begun);

  return {
    async state() {
      const [etcd] = await find();
      if (etcd === undefined)
        return { running: false, detail: `no process of etcd has the data directory ${member.dataDir}` };
      return {
        running: true,
        pid: etcd.pid,
        detail: `process ${etcd.pid} has the data directory ${member.dataDir}`,
      };
    },
    stop: (signal) => stopProcesses(member, find, clock, signal),
    async start(options, signal) {
      if ((await find()).length > 0) return;
      begun = await stat(run.logFile).then(
        ({ size }) => size,
        () => 0,
      );
      const command = commandOf(member, run, options);
      const ending = await launch(member, run, command).catch((error: Error) => {
        throw new Failure('etcd-not-started', error.message, { member: member.name }, { cause: error });
      });
      const until = clock.monotonic() + firstMomentsMs;
      while (clock.monotonic() < until && ending() === undefined) await clock.sleep(lookAgainMs, signal);
      if (ending() === undefined) return;
      const why = `it ended at once (${ending()}): ${lastWords(await tail())}`;
      throw new Failure('etcd-not-started', why, { member: member.name, log: run.logFile });
    },
    program: () => programOf(run.command),
    logTail: tail,
  };
}

async function stopProcesses(
  member: MemberDescription,
  find: () => Promise<EtcdProcess[]>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const from = clock.monotonic();
  const told = new Map<string, NodeJS.Signals>();
  for (;;) {
    const left = await find();
    if (left.length === 0) return;
    const [first] = left;
    if (signal.aborted)
      throw new Failure('etcd-not-stopped', `process ${first?.pid} still runs`, { member: member.name });
    const word: NodeJS.Signals = clock.monotonic() - from < stopGraceMs ? 'SIGTERM' : 'SIGKILL';
    for (const { pid, startedAt } of left) {
      const who = `${pid} ${startedAt}`;
      if (told.get(who) === word) continue;
      told.set(who, word);
      sendSignal(pid, word, member);
    }
    await clock.sleep(lookAgainMs, signal).catch(() => undefined);
  }
}

function sendSignal(pid: number, word: NodeJS.Signals, member: MemberDescription): void {
  try {
    process.kill(pid, word);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new Failure('etcd-not-stopped', `process ${pid}: ${(error as Error).message}`, {
      member: member.name,
    });
  }
}

interface Command {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** With `join`: Go takes the last of two equal flags; but etcd refuses to start with a flag and its variable. */
function commandOf(member: MemberDescription, run: ProcessRun, { join }: StartOptions): Command {
  if (join === undefined) return { words: run.command, environment: run.environment };
  const file = configFileOf(run.command.slice(1), run.environment);
  if (file !== undefined) throw joinBesideFile(member, file);
  const { ETCD_INITIAL_CLUSTER: _, ETCD_INITIAL_CLUSTER_STATE: __, ...environment } = run.environment;
  return { words: [...run.command, ...joinFlags(join)], environment };
}

/** Starts a process that outlives this one and hears none of its signals; tells how it ended, once it has. */
async function launch(
  { dataDir }: MemberDescription,
  { logFile }: ProcessRun,
  { words, environment }: Command,
): Promise<() => string | undefined> {
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(words[0] ?? '', words.slice(1), {
      cwd: '/',
      detached: true,
      ...(await ownerOf(dataDir)),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
      stdio: ['ignore', log.fd, log.fd],
    });
    let ending: string | undefined;
    child.once('exit', (code, signal) => {
      ending = signal ?? `exit status ${code}`;
    });
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return () => ending;
  } finally {
    await log.close();
  }
}

/** Whose data it is runs it: what root would write there, the user of the next ordinary start could not read. */
async function ownerOf(dataDir: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.geteuid?.() !== 0) return undefined;
  const found = await stat(join(dataDir, 'member')).catch(() => undefined);
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

/** The word that names etcd: before it may stand what runs it, as `nice` or `env`. */
async function programOf(command: readonly string[]): Promise<string | undefined> {
  const word = command.find((word) => basename(word) === 'etcd') ?? command[0] ?? '';
  if (word.includes('/')) return (await isExecutable(word)) ? word : undefined;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    if (await isExecutable(join(folder, word))) return join(folder, word);
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
