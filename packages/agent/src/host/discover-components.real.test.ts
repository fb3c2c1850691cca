import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ComponentDescription } from '@holdfast/model';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testMember } from '../steps/test-restore.ts';
import { makeSlowServer } from '../testing/component-conformance.ts';
import { discoverComponents } from './discover-components.ts';

let dir: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-discover-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.kill('SIGKILL')) await once(child, 'exit');
  await rm(dir, { recursive: true });
});

/** Runs a small program under that name; tells its pid and its port. */
async function run(name: string, ...flags: string[]): Promise<{ pid: number; port: string }> {
  const { command, url } = await makeSlowServer(dir, name, 0);
  const [program = '', ...args] = command;
  const child = spawn(program, [...args, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  return { pid: child.pid ?? 0, port: new URL(url).port };
}

/** A note on a process that begins so. */
function noted(start: string): unknown {
  return expect.stringMatching(new RegExp(`^process ${start}`));
}

const etcd = 'https://etcd-1.invalid:2379';

async function discover(): ReturnType<typeof discoverComponents> {
  return discoverComponents([testMember(dir, { clientUrls: [etcd, 'http://127.0.0.1:2379'] })]);
}

/** Others may run the same programs here. */
function at(components: readonly ComponentDescription[], port: string): string[] {
  return components.flatMap(({ urls }) => urls).filter((url) => new URL(url).port === port);
}

test('an API server of another etcd is noted, and so is what may belong to it', async () => {
  const api = await run('kube-apiserver', '--etcd-servers=https://10.255.255.1:2379,http://127.0.0.1:2479');
  const scheduler = await run('kube-scheduler');
  const { components, notes } = await discover();
  expect([...at(components, api.port), ...at(components, scheduler.port)]).toEqual([]);
  expect(notes).toContainEqual(noted(`${api.pid} is a kube-apiserver .* in another etcd`));
  expect(notes).toContainEqual(
    noted(`${scheduler.pid} is a kube-scheduler .* API server of another cluster`),
  );
});

test.each([`--etcd-servers=http://10.255.255.1:2379,${etcd}/`, '--etcd-servers=http://127.0.0.2:2379'])(
  'one with %s is described: that is a member, by its URL or its port here',
  async (flag) => {
    const { port } = await run('kube-apiserver', flag);
    expect(at((await discover()).components, port)).toHaveLength(1);
  },
);

test('an address that it only advertises says where it is if this machine has it', async () => {
  const elsewhere = await run('kube-apiserver', '--advertise-address=224.0.0.1');
  expect(at((await discover()).components, elsewhere.port)).not.toContain(
    `https://224.0.0.1:${elsewhere.port}`,
  );
  await rm(join(dir, 'kube-apiserver'));
  const here = await run('kube-apiserver', '--advertise-address=127.0.0.1', '--bind-address=0.0.0.0');
  expect(at((await discover()).components, here.port)).toEqual([`https://127.0.0.1:${here.port}`]);
});
