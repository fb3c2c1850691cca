/**
 * Does what `docker` and its daemon do with containers that are there, and answers in their shapes and words: `inspect`, `start`,
 * `kill`, `restart`, `update --restart`, `logs`, `ps`. Its containers are the files of a folder, the first argument; each is watched over by
 * a process of its own (`watch`), which starts it again as its policy says. The programs are the real ones, in mount namespaces.
 * Every call is written to `calls` in the folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contained } from './contained.ts';

/** A container of the folder. */
export interface SmallContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly mounts: readonly { readonly inside: string; readonly outside: string }[];
  restart: string;
  /** Docker's words for it. */
  state: { status: 'created' | 'running' | 'restarting' | 'exited'; pid: number; exitCode: number };
  /** Whether its next end is its last. */
  stopped: boolean;
}

function fileOf(folder: string, name: string): string {
  return join(folder, `${name}.json`);
}

function read(folder: string, name: string): SmallContainer {
  return JSON.parse(readFileSync(fileOf(folder, name), 'utf8')) as SmallContainer;
}

/** Makes or changes a container. */
export function writeContainer(folder: string, container: SmallContainer): void {
  const path = fileOf(folder, container.name);
  writeFileSync(`${path}.${process.pid}`, JSON.stringify(container));
  renameSync(`${path}.${process.pid}`, path);
}

function change(folder: string, name: string, how: (container: SmallContainer) => void): void {
  const container = read(folder, name);
  how(container);
  writeContainer(folder, container);
}

function all(folder: string): SmallContainer[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.map((name) => read(folder, name.slice(0, -'.json'.length)));
}

function fail(words: string): never {
  process.stderr.write(`${words}\n`);
  process.exit(1);
}

async function watchOver(folder: string, name: string): Promise<void> {
  for (let waitMs = 100; ; waitMs *= 2) {
    const { command, mounts } = read(folder, name);
    const log = openSync(join(folder, `${name}.log`), 'a');
    const [program = '', ...words] = contained(mounts, command);
    const child = spawn(program, words, { stdio: ['ignore', log, log] });
    change(folder, name, (one) => (one.state = { status: 'running', pid: child.pid ?? 0, exitCode: 0 }));
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    const exitCode = code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
    const again = (): boolean => {
      const { restart, stopped } = read(folder, name);
      return !stopped && (restart === 'always' || restart === 'unless-stopped');
    };
    if (again()) {
      change(folder, name, (one) => (one.state = { status: 'restarting', pid: 0, exitCode }));
      await sleep(waitMs);
    }
    if (again()) continue;
    change(folder, name, (one) => (one.state = { status: 'exited', pid: 0, exitCode }));
    return;
  }
}

/** As the Engine's API has it; of its fields those that somebody may look at. */
function inspected({ id, name, image, command, mounts, restart, state }: SmallContainer): unknown {
  const { status, pid, exitCode } = state;
  const [policy = '', tries = '0'] = restart.split(':');
  return {
    Id: id,
    Created: '2026-01-01T00:00:00.000000000Z',
    Path: command[0],
    Args: command.slice(1),
    State: {
      Status: status,
      Running: status === 'running' || status === 'restarting',
      Paused: false,
      Restarting: status === 'restarting',
      OOMKilled: false,
      Dead: false,
      Pid: pid,
      ExitCode: exitCode,
      Error: '',
    },
    Name: `/${name}`,
    RestartCount: 0,
    HostConfig: {
      NetworkMode: 'host',
      RestartPolicy: { Name: policy, MaximumRetryCount: Number(tries) },
      Binds: mounts.map(({ outside, inside }) => `${outside}:${inside}:z`),
    },
    Mounts: mounts.map(({ outside, inside }) => ({
      Type: 'bind',
      Source: outside,
      Destination: inside,
      Mode: 'z',
      RW: true,
      Propagation: 'rprivate',
    })),
    Config: { Image: image, Cmd: command, Labels: {} },
  };
}

async function start(folder: string, one: SmallContainer): Promise<void> {
  if (one.state.pid > 0) return;
  change(folder, one.name, (each) => (each.stopped = false));
  const script = new URL(import.meta.url).pathname;
  const watcher = spawn(process.execPath, [script, folder, 'watch', one.name], {
    stdio: 'ignore',
    detached: true,
  });
  watcher.unref();
  const before = JSON.stringify(one.state);
  while (JSON.stringify(read(folder, one.name).state) === before && watcher.exitCode === null)
    await sleep(20);
}

function kill(folder: string, { id, name, state }: SmallContainer, signal: string): void {
  if (state.status === 'created' || state.status === 'exited')
    fail(`Error response from daemon: cannot kill container: ${name}: container ${id} is not running`);
  change(folder, name, (each) => (each.stopped = true));
  if (state.pid > 0) process.kill(state.pid, `SIG${signal}` as NodeJS.Signals);
}

async function restart(folder: string, one: SmallContainer): Promise<void> {
  if (one.state.pid > 0) {
    kill(folder, one, 'TERM');
    while (read(folder, one.name).state.status !== 'exited') await sleep(20);
  }
  await start(folder, read(folder, one.name));
}

async function main([folder = '', act = '', ...words]: readonly string[]): Promise<void> {
  if (act === 'watch') return watchOver(folder, words[0] ?? '');
  appendFileSync(join(folder, 'calls'), `${[act, ...words].join(' ')}\n`);
  if (act === 'ps') {
    const up = all(folder).filter(({ state }) => state.pid > 0);
    process.stdout.write(up.map(({ id }) => `${id}\n`).join(''));
    return;
  }
  const which = words.findLast((word) => !word.startsWith('-')) ?? '';
  const option = (name: string): string =>
    words.find((word) => word.startsWith(name))?.slice(name.length) ?? '';
  const one = all(folder).find(({ id, name }) => which === name || which === id);
  if (one === undefined) return fail(`Error response from daemon: No such container: ${which}`);
  if (act === 'inspect') process.stdout.write(JSON.stringify([inspected(one)], null, 4));
  else if (act === 'logs') process.stderr.write(readFileSync(join(folder, `${one.name}.log`)));
  else if (act === 'update') change(folder, one.name, (each) => (each.restart = option('--restart=')));
  else if (act === 'kill') kill(folder, one, option('--signal='));
  else if (act === 'start') await start(folder, one);
  else if (act === 'restart') await restart(folder, one);
  else fail(`docker: '${act}' is not a docker command.`);
}

if (import.meta.main) await main(process.argv.slice(2));
