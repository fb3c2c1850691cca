import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandProcesses } from './command-processes.ts';

const name = 'kube-scheduler';
let dir: string;
let program: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdfast-command-'));
  program = join(dir, name);
});
afterEach(async () => {
  if (child?.kill('SIGKILL') === true) await once(child, 'exit');
  rmSync(dir, { recursive: true });
});

/** A process that waits for its input. */
async function run(word: string, args: readonly string[], argv0?: string): Promise<number> {
  child = spawn(word, args, { stdio: ['pipe', 'ignore', 'ignore'], ...(argv0 !== undefined && { argv0 }) });
  await once(child, 'spawn');
  return child.pid ?? 0;
}

async function pidsOf(command: readonly string[]): Promise<number[]> {
  return (await commandProcesses(name, command)).map(({ pid }) => pid);
}

test('what only has the path of the program among its words is another program', async () => {
  writeFileSync(program, '');
  await run('tail', ['-f', program]);
  expect(await pidsOf([program])).toEqual([]);
});

test('nor is it one with that path as its first word', async () => {
  spawnSync('mkfifo', [program]);
  const pid = await run('cat', [program]);
  expect(await pidsOf([program])).toEqual([]);
  // Described so, it is that very one.
  expect(await pidsOf(['cat', program])).toEqual([pid]);
});

test.each(['/bin/sh', '/bin/sh -e', '/usr/bin/env sh', '/usr/bin/env -S A=b sh -e'])(
  'a script of %s is known behind what interprets it',
  async (interpreter) => {
    writeFileSync(program, `#!${interpreter}\nread -r line\n`, { mode: 0o755 });
    const pid = await run(program, ['--v=2']);
    const described = ['nice', join('/usr/bin', name), '--v=2'];
    await expect.poll(async () => pidsOf(described), { timeout: 10_000 }).toEqual([pid]);
    expect(await pidsOf([...described, '--v=3'])).toEqual([]);
    expect(await pidsOf([...described.slice(0, -1), '--v=3'])).toEqual([]);
  },
);

test('one that goes by another name is known by its file', async () => {
  copyFileSync('/bin/sh', program);
  chmodSync(program, 0o755);
  const pid = await run(program, ['-e'], 'scheduler');
  expect(await pidsOf([program, '-e'])).toEqual([pid]);
});
