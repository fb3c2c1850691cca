import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const bin = join(import.meta.dirname, '../../../packages/cli/bin/holdfast.js');

function start(...args: string[]): { child: ChildProcess; stderr: () => string } {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, stderr: () => said };
}

describe('signals, while an etcd accepts the connection and then says nothing', () => {
  let silent: Server;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-process-'));
    silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterAll(async () => {
    silent.close();
    await rm(folder, { recursive: true });
  });

  test.each([
    ['SIGINT', 130, 'interrupted'],
    ['SIGTERM', 143, 'terminated'],
    ['SIGHUP', 143, 'terminated'],
  ] as const)('%s ends with %i, and nothing was made', async (signal, status, code) => {
    const repo = join(folder, 'repository');
    const connected = once(silent, 'connection');
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { child, stderr } = start('snapshot', 'save', '--endpoints', endpoint, '--repo', repo);
    await connected;
    child.kill(signal);
    const [exit] = (await once(child, 'close')) as [number];
    expect([exit, stderr().split('#').at(-1)]).toEqual([status, `${code})\n`]);
    expect(existsSync(repo)).toBe(false);
  });
});

test('a pipe that nobody writes to is refused, not waited for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-process-'));
  const pipe = join(folder, 'pipe');
  spawnSync('mkfifo', [pipe]);
  const { child, stderr } = start('snapshot', 'restore', pipe, '--data-dir', join(folder, 'data'));
  const [exit] = (await once(child, 'close')) as [number];
  expect([exit, stderr()]).toEqual([1, expect.stringContaining('it is not a regular file')]);
  await rm(folder, { recursive: true });
});

test('a reader that goes away early is no error', async () => {
  const { child, stderr } = start('--help');
  child.stdout?.destroy();
  const [exit] = (await once(child, 'close')) as [number];
  expect([exit, stderr()]).toEqual([0, '']);
});

async function statusOf(args: readonly string[], stdio: StdioOptions): Promise<unknown> {
  const [status] = (await once(spawn(process.execPath, [bin, ...args], { stdio }), 'close')) as [number];
  return status;
}

test('what cannot be told still has its exit status', async () => {
  const full = openSync('/dev/full', 'w');
  expect(await statusOf(['no-such-command'], ['ignore', 'ignore', full])).toBe(2);
  expect(await statusOf(['version'], ['ignore', full, full])).toBe(1);
  closeSync(full);
});

test('an older Node of the machine gives way to the one of the checkout', async (context) => {
  const path = (process.env['PATH'] ?? '').split(':').filter((each) => !each.includes('node_modules'));
  const env = { ...process.env, PATH: path.join(':') };
  const probe = spawnSync('node', ['-p', 'process.versions.node'], { env, encoding: 'utf8' });
  if (probe.error !== undefined || Number(probe.stdout.split('.')[0]) >= 24)
    context.skip('there is no older Node');
  const ran = spawnSync('node', [bin, 'snapshot', 'lst'], { env, encoding: 'utf8' });
  expect([ran.status, ran.stderr.split('\n')[0]]).toEqual([2, 'error: the command line is not valid']);
});
