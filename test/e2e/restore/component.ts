import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComponentDescription } from '@holdfast/model';
import {
  freePort,
  kubeClient,
  planKubeApiserver,
  reservePort,
  type KubeClient,
} from '@holdfast/test-servers';

/** A part of the control plane of a lab. It is started as on any machine: nobody here is its parent. */
export interface LabComponent {
  readonly description: ComponentDescription;
  readonly command: readonly [string, ...string[]];
  readonly port: number;
  isReady(): Promise<boolean>;
}

/** An API server of a lab. */
export interface LabApiserver extends LabComponent {
  readonly client: KubeClient;
}

const readyWithinMs = 120_000;

/** A real kube-apiserver over all members, with its files in a folder. */
export async function labApiserver(
  name: string,
  dir: string,
  etcd: readonly string[],
): Promise<LabApiserver> {
  const plan = await planKubeApiserver({ etcd, dir });
  const client = kubeClient(plan);
  return { ...described(name, plan.url, plan), client, isReady: () => client.isReady() };
}

/** A program that answers as an API server does that is ready, and does nothing else. */
export async function labAnswerer(name: string, dir: string): Promise<LabComponent> {
  const script = join(dir, `${name}.mjs`);
  const port = await reservePort();
  writeFileSync(
    script,
    `import { createServer } from 'node:http';
createServer((request, response) => response.end('ok')).listen(${port}, '127.0.0.1');
`,
  );
  const url = `http://127.0.0.1:${port}`;
  const isReady = async (): Promise<boolean> =>
    fetch(`${url}/readyz`).then(
      ({ status }) => status === 200,
      () => false,
    );
  const command = [process.execPath, script] as const;
  return { ...described(name, url, { command, port, logFile: join(dir, `${name}.log`) }), isReady };
}

function described(
  name: string,
  url: string,
  { command, port, logFile }: { command: readonly [string, ...string[]]; port: number; logFile: string },
): Omit<LabComponent, 'isReady'> {
  const run = { driver: 'process' as const, command: [...command], environment: {}, logFile };
  return { description: { name, component: 'kube-apiserver', urls: [url], run }, command, port };
}

/** Starts one and waits until it is ready. */
export async function startComponent(component: LabComponent): Promise<void> {
  const { description, command } = component;
  const [program, ...args] = command;
  const logFile = description.run.driver === 'process' ? description.run.logFile : '/dev/null';
  const log = openSync(logFile, 'a');
  spawn(program, args, { stdio: ['ignore', log, log], detached: true }).unref();
  closeSync(log);
  const deadline = performance.now() + readyWithinMs;
  while (!(await component.isReady())) {
    if (performance.now() > deadline) throw new Error(`${description.name} is not ready, see ${logFile}`);
    await sleep(50);
  }
}

/** The processes of this machine that were started with its very words, whoever did. */
export function processesOf({ command }: LabComponent): number[] {
  const words = `${command.join('\0')}\0`;
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && wordsOf(pid) === words);
}

/** Ends it as a power cut does. */
export async function killComponent(component: LabComponent): Promise<void> {
  for (const pid of processesOf(component)) process.kill(pid, 'SIGKILL');
  while (processesOf(component).length > 0) await sleep(5);
}

/** Ends it for good. */
export async function removeComponent(component: LabComponent): Promise<void> {
  await killComponent(component);
  freePort(component.port);
}

function wordsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}
