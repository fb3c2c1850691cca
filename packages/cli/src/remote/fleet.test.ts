import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testServer, type TestServer } from './testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await done('cluster', 'add', 'prod', '--in', 'main', '--description', 'the one that counts');
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const done = (...args: string[]): Promise<string> => server.done(...args);

async function json(...args: string[]) {
  const { stdout } = await server.run([...args, '-o', 'json']);
  return JSON.parse(stdout) as Record<string, unknown> & { items: Record<string, unknown>[] };
}

const loginsFile = () => join(server.folder, 'home/.config/holdfast/logins.json');

describe('a login', () => {
  test('is kept for its user alone, with by what the server is trusted', async () => {
    expect((await stat(loginsFile())).mode & 0o777).toBe(0o600);
    const { servers } = JSON.parse(await readFile(loginsFile(), 'utf8'));
    expect(servers[server.url]).toMatchObject({ user: 'admin', caSha256: server.caSha256 });
  });

  test('by a password that is typed, which is not shown', async () => {
    const home = join(server.folder, 'typing');
    const args = ['login', '--user', 'admin', '--server-ca-sha256', server.caSha256];
    const typed = await server.run(args, { home, isTTY: true, typed: 'correct horse battery' });
    expect([typed.exit, typed.stderr]).toEqual([0, expect.stringContaining('Password of admin')]);
    expect(typed.stderr + typed.stdout).not.toContain('horse');
    expect((await server.run(['cluster', 'list', '-q'], { home })).stdout).toBe('prod\n');
  });

  test('with a wrong password, or a server of another CA, is none', async () => {
    const home = join(server.folder, 'wrong');
    const wrong = join(server.folder, 'wrong-password');
    await writeFile(wrong, 'wrong horse\n', { mode: 0o600 });
    const args = ['login', '--user', 'admin', '--password-file'];
    const pin = ['--server-ca-sha256', server.caSha256];
    expect(await server.run([...args, wrong, ...pin], { home })).toMatchObject({ exit: 2 });
    const other = ['--server-ca-sha256', 'a'.repeat(64)];
    expect(await server.run([...args, server.passwordFile, ...other], { home })).toMatchObject({ exit: 12 });
    expect(await server.run([...args, server.passwordFile], { home })).toMatchObject({ exit: 12 });
    expect(await server.run(['status'], { home })).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining(`holdfast login --server ${server.url}`),
    });
  });

  test('that has ended is neither known there nor here, and a token in a file or a variable does as well', async () => {
    const home = join(server.folder, 'ending');
    const args = ['login', '--user', 'admin', '--password-file', server.passwordFile];
    await server.run([...args, '--server-ca-sha256', server.caSha256], { home });
    const kept = await readFile(join(home, '.config/holdfast/logins.json'), 'utf8');
    const { token } = JSON.parse(kept).servers[server.url];
    const ca = { HOLDFAST_SERVER_CA_SHA256: server.caSha256 };
    const withToken = { home: '/nobody', env: { ...ca, HOLDFAST_TOKEN: token } };
    expect(await server.run(['cluster', 'list', '-q'], withToken)).toMatchObject({ stdout: 'prod\n' });
    const file = join(server.folder, 'token');
    await writeFile(file, `${token}\n`, { mode: 0o600 });
    const named = { home: '/nobody', env: ca };
    const listed = await server.run(['cluster', 'list', '-q', '--server-token-file', file], named);
    expect(listed.stdout).toBe('prod\n');
    expect(await server.run(['logout'], { home })).toMatchObject({ exit: 0 });
    expect(await server.run(['cluster', 'list'], { home })).toMatchObject({ exit: 2 });
    expect(await server.run(['cluster', 'list'], withToken)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('Log in again'),
    });
  });
});

test('clusters are added, shown, joined and removed; their lists are the items of the API', async () => {
  expect(await done('cluster', 'add', 'test')).toMatch(/^added test \(c-/);
  expect((await json('cluster', 'list')).items).toMatchObject([{ name: 'prod' }, { name: 'test' }]);
  expect(await done('cluster', 'show', 'prod')).toMatch(
    /description +the one that counts[^]*repositories +main/,
  );
  const joined = await json('cluster', 'join', 'test', '--uses', '1');
  expect(joined['command']).toBe(
    `holdfast agent --server ${server.url} --server-ca-sha256 ${server.caSha256} --token-file join-token`,
  );
  const file = join(server.folder, 'join');
  const out = await done('cluster', 'join', 'test', '--token-out', file);
  expect(out).not.toContain((await readFile(file, 'utf8')).trim());
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  for (const lifetime of ['59s', '8d'])
    expect(await server.run(['cluster', 'join', 'test', '--lifetime', lifetime])).toMatchObject({
      ...{ exit: 2, stderr: expect.stringContaining('a minute at least and a week at most') as string },
    });
  const remove = ['cluster', 'remove', 'test'];
  expect(await server.run(remove)).toMatchObject({ exit: 20 });
  expect(await server.run([...remove, '--confirm', 'prod'])).toMatchObject({ exit: 20 });
  await done(...remove, '--confirm', 'test');
  expect(await server.run(['cluster', 'show', 'test'])).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('it has prod'),
  });
});

test('nodes are restarted only where something runs Kubernetes', async () => {
  const restart = ['cluster', 'restart-nodes', 'prod'];
  expect(await server.run(restart)).toMatchObject({
    exit: 14,
    stderr: expect.stringContaining('no node of the cluster tells of anything that runs Kubernetes'),
  });
  expect(await server.run(['cluster', 'remove-node', 'prod', 'w1', '--confirm', 'prod'])).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('the server knows no node w1'),
  });
  expect(await server.run([...restart, '--node', 'w1'])).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('the server knows no node w1'),
  });
  const here = ['restore', 'plan', '--no-restart-nodes', '--file', 'x'];
  expect(await server.run(here, { env: { HOLDFAST_SERVER: 'none' } })).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('--no-restart-nodes is for what is done over a --server'),
  });
});

test('a policy is made, changed, paused, resumed and removed', async () => {
  await done('policy', 'set', 'main', '--preset', 'production');
  await done('policy', 'set', 'main', '--keep-monthly', '24');
  const { policy } = (await json('policy', 'show', 'main')) as { policy?: Record<string, unknown> };
  expect(policy).toMatchObject({ targets: [{ repository: 'main' }], retention: { monthly: 24, daily: 31 } });
  expect(await done('policy', 'pause', 'main', '--reason', 'upgrade', '--for', '2h')).toContain(': upgrade');
  expect(await done('policy', 'show')).toMatch(/^NAME +SCHEDULE[^]*paused/);
  const pause = ['policy', 'pause', 'main', '--reason', 'longer', '--until'];
  expect(await done(...pause, '2099-01-01T00:00:00+01:00')).toContain(': longer');
  const { policy: until } = (await json('policy', 'show', 'main')) as { policy?: Record<string, unknown> };
  expect(until).toMatchObject({ pause: { reason: 'longer', until: '2098-12-31T23:00:00.000Z' } });
  expect(await server.run([...pause, '2020-01-01T00:00:00Z'])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('which has passed'),
  });
  expect(await done('policy', 'resume', 'main')).not.toContain(': upgrade');
  await done('policy', 'remove', 'main', '--yes');
  expect((await json('policy', 'show')).items).toEqual([]);
});

test('an operation that waits is listed, shown and given up', async () => {
  const stop = new AbortController();
  const saving = server.run(['snapshot', 'save', '--cluster', 'prod'], { signal: stop.signal });
  await expect
    .poll(async () => done('operation', 'list', '-q', '--state', 'waiting'), { timeout: 20_000 })
    .toMatch(/^op-/);
  const [{ id } = {}] = (await json('operation', 'list', '--kind', 'save')).items;
  expect(await done('operation', 'show', String(id))).toMatch(/save of cluster prod[^]*no node/);
  stop.abort(new Error('enough'));
  expect(await saving).toMatchObject({
    exit: 130,
    stderr: expect.stringContaining(
      `Follow it again: holdfast operation follow ${String(id)} --cluster prod`,
    ),
  });
  await done('operation', 'cancel', String(id), '--reason', 'not needed');
  expect(await server.run(['operation', 'follow', String(id)])).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('given up by admin: not needed'),
  });
});

test('a cluster without a proven snapshot needs attention; alerts and the audit log are told', async () => {
  expect(await server.run(['status'])).toMatchObject({
    exit: 3,
    stdout: expect.stringMatching(/prod +none +unknown +0\/0[^]*! prod: no verified snapshot/),
  });
  expect(await done('alert', 'list')).toContain('No alerts.');
  const exported = await server.run(['audit', 'export', '--verify']);
  expect([exported.exit, exported.stderr]).toEqual([0, expect.stringContaining('follow each other')]);
  expect(exported.stdout.split('\n').map((line) => line.slice(0, 5))).toContain('{"n":');
});

test('an audit log that was cut off, or made anew, is seen by the head of the export before', async () => {
  const file = join(server.folder, 'head');
  const args = ['audit', 'export', '--head-file', file];
  const first = await server.run(args);
  expect([first.exit, first.stderr]).toEqual([0, expect.stringContaining('no head of before')]);
  const head = await readFile(file, 'utf8');
  expect(await server.run(args)).toMatchObject({
    exit: 0,
    stderr: expect.stringMatching(/, 1 since the head/),
  });
  const later = await readFile(file, 'utf8');
  expect(later).not.toBe(head);
  const [n, hash] = later.trim().split(':') as [string, string];
  await writeFile(file, `${Number(n) + 100}:${hash}\n`);
  expect(await server.run(args)).toMatchObject({ exit: 4, stderr: expect.stringContaining('was cut off') });
  await writeFile(file, `${n}:${'0'.repeat(64)}\n`);
  expect(await server.run(args)).toMatchObject({ exit: 4, stderr: expect.stringContaining('another one') });
  expect(await readFile(file, 'utf8')).toBe(`${n}:${'0'.repeat(64)}\n`);
  await writeFile(file, 'hello');
  expect(await server.run(args)).toMatchObject({ exit: 1, stderr: expect.stringContaining('no head') });
});

test.each([
  [['snapshot', 'list', '--from', '/x'], '--from is for what is done on this machine'],
  [['restore', 'run', '--file', 'x.db', '--confirm', 'prod'], '--file is for what is done on this machine'],
  [['restore', 'abort', 'latest', '--attest-off', 'm1'], '--attest-off is recorded with a --reason'],
  [['snapshot', 'pin', 'x'], 'done on this machine alone, and HOLDFAST_SERVER names the server'],
  [['doctor', '--server', 'https://x'], 'takes no --server'],
  [['status', '--token', 'x'], 'tokens are not taken from the command line'],
  [['operation', 'show', 'r-1'], 'an operation is named by its id'],
  [['snapshot', 'delete', 'latest'], 'only an exact name is deleted'],
])('%j is refused', async (args, why) => {
  expect(await server.run(args)).toMatchObject({ exit: 2, stderr: expect.stringContaining(why) });
});

test('without a server everything is as it is on this machine', async () => {
  const here = { env: { HOLDFAST_SERVER: 'none' } };
  expect((await server.run(['snapshot', 'list'], here)).stderr).toContain('--repo is missing');
  const reasoned = await server.run(['snapshot', 'delete', 'x', '--reason', 'old'], here);
  expect(reasoned.stderr).toContain('--reason is for what is done over a --server');
});
