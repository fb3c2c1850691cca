import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testServer, type TestServer } from './testing/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer();
  await done('cluster', 'add', 'prod', '--in', 'main');
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const done = (...args: string[]): Promise<string> => server.done(...args);

async function json(...args: string[]) {
  return JSON.parse(await done(...args, '-o', 'json')) as { items: Record<string, unknown>[] };
}

async function secret(name: string, text: string): Promise<string> {
  const path = join(server.folder, name);
  await writeFile(path, `${text}\n`, { mode: 0o600 });
  return path;
}

/** Logs in as somebody from a home of their own. @returns the exit status, and where their commands are run */
async function logIn(user: string, passwordFile: string) {
  const home = join(server.folder, 'homes', user);
  const pin = ['--server-ca-sha256', server.caSha256];
  const { exit } = await server.run(['login', '--user', user, '--password-file', passwordFile, ...pin], {
    home,
  });
  return { exit, home };
}

test('a user is added with a password that is typed twice and not shown', async () => {
  const add = ['user', 'add', 'bo', '--grant', 'viewer'];
  const typing = (typed: string) => server.run(add, { isTTY: true, typed });
  const differs = await typing('bo has a password\nbo has another one');
  expect(differs).toMatchObject({ exit: 20, stderr: expect.stringContaining('differ') });
  const { exit, stdout, stderr } = await typing('bo has a password\nbo has a password');
  expect([exit, stdout]).toEqual([0, expect.stringMatching(/^added user bo \(u-\w+\): viewer\n$/)]);
  expect(stderr).toContain('New password of bo');
  expect(stdout + stderr).not.toContain('has a password');
  expect((await server.run(add)).exit).toBe(20);
  const file = await secret('bo', 'bo has a password');
  expect((await logIn('bo', file)).exit).toBe(0);
  expect(await server.run([...add, '--password-file', file])).toMatchObject({
    exit: 14,
    stderr: expect.stringContaining('bo is taken'),
  });
});

test('what a user may do is listed and changed; who is disabled is let in no more', async () => {
  const file = await secret('ann', 'correct horse of ann');
  await done(
    ...['user', 'add', 'ann', '--password-file', file, '--grant', 'viewer', '--grant', 'restorer@prod'],
  );
  expect(await done('user', 'list')).toMatch(
    /^NAME +ID +STATE +ADDED +MAY BE\nadmin +u-\w+ +enabled [^\n]*admin\nann +u-[^\n]*viewer, restorer@prod\n/,
  );
  const { home } = await logIn('ann', file);
  expect((await server.run(['cluster', 'list', '-q'], { home })).stdout).toBe('prod\n');
  expect((await server.run(['user', 'list'], { home })).exit).toBe(2);
  expect(await done('user', 'set', 'ann', '--grant', 'operator')).toMatch(/^set user ann .*: operator\n$/);
  expect(await done('user', 'set', 'ann', '--disable')).toMatch(/, disabled: operator\n$/);
  expect((await server.run(['cluster', 'list'], { home })).exit).toBe(2);
  expect((await logIn('ann', file)).exit).toBe(2);
  const other = await secret('ann-new', 'another horse of ann');
  await done('user', 'set', 'ann', '--enable', '--password-file', other);
  expect([(await logIn('ann', file)).exit, (await logIn('ann', other)).exit]).toEqual([2, 0]);
  expect((await server.run(['user', 'remove', 'ann'])).exit).toBe(20);
  await done('user', 'remove', 'ann', '--yes');
  expect((await json('user', 'list')).items).not.toContainEqual(expect.objectContaining({ name: 'ann' }));
});

test.each([
  ['a role that is none', 'user add cy --grant king', 2, 'viewer, operator'],
  ['a grant without its cluster', 'user add cy --grant viewer@', 2, '@CLUSTER'],
  ['no grant', 'user add cy', 2, '--grant'],
  ['a cluster that is not there', 'user add cy --grant viewer@test', 1, 'it has prod'],
  ['nothing to change', 'user set admin', 2, 'nothing is to be changed'],
  ['both ways at once', 'user set admin --enable --disable', 2, 'cannot be used with'],
  ['a user that is not there', 'user remove cy --yes', 1, 'the server has admin'],
  ['the last admin', 'user set admin --disable', 14, 'nobody who may administer'],
  ['a token that is not there', 'token revoke t-aaaaa', 1, 'no token t-aaaaa'],
])('%s is refused', async (_, words, exit, why) => {
  expect(await server.run(words.split(' '))).toMatchObject({ exit, stderr: expect.stringContaining(why) });
});

test('somebody changes their own password, who knows the present one', async () => {
  const [first, second] = [
    await secret('di', 'first horse of di'),
    await secret('di2', 'second horse of di'),
  ];
  await done('user', 'add', 'di', '--grant', 'viewer', '--password-file', first);
  const { home } = await logIn('di', first);
  const change = (old: string) =>
    server.run(['user', 'password', '--old-password-file', old, '--password-file', second], { home });
  expect(await change(second)).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('present password'),
  });
  expect((await change(first)).exit).toBe(0);
  expect([(await logIn('di', first)).exit, (await logIn('di', second)).exit]).toEqual([2, 0]);
});

test('a token does what it was made for until it is revoked', async () => {
  const file = join(server.folder, 'token');
  const made = await done(
    ...['token', 'create', '--description', 'upgrades', '--grant', 'viewer@prod', '--token-out', file],
  );
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(made).not.toContain((await readFile(file, 'utf8')).trim());
  const [, id] = /^Token (t-\w+), until 20/.exec(made) ?? [];
  const asToken = { home: '/nobody', env: { HOLDFAST_SERVER_CA_SHA256: server.caSha256 } };
  const list = ['cluster', 'list', '-q', '--server-token-file', file];
  expect((await server.run(list, asToken)).stdout).toBe('prod\n');
  expect((await server.run(['user', 'list', '--server-token-file', file], asToken)).exit).toBe(2);
  expect(await done('token', 'list')).toMatch(new RegExp(`${id} +upgrades .* viewer@prod\n`));
  await done('token', 'revoke', id!);
  expect((await server.run(list, asToken)).exit).toBe(2);
  expect(await done('token', 'create', '--lifetime', 'none')).toMatch(
    /^Token t-\w+, until when it is revoked, which is told this once:\n {2}hf_t-/,
  );
});

test('the people of a server are taken over by another one, where they log in as before', async () => {
  const file = await secret('ed', 'correct horse of ed');
  await done('user', 'add', 'ed', '--grant', 'viewer', '--grant', 'operator@prod', '--password-file', file);
  const people = join(server.folder, 'people.json');
  expect(await done('user', 'export', '--out', people)).toMatch(/^\d users of https:/);
  expect((await stat(people)).mode & 0o777).toBe(0o600);
  const other = await testServer();
  try {
    const taken = await other.run(['user', 'import', people]);
    expect(taken).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^Added .*ed.*\nLeft as they are: admin\n$/),
      stderr: expect.stringContaining('left out: prod'),
    });
    const pin = ['--server-ca-sha256', other.caSha256];
    const again = await other.run(['login', '--user', 'ed', '--password-file', file, ...pin]);
    expect(again.exit).toBe(0);
    const odd = join(other.folder, 'odd');
    await writeFile(odd, '[]', { mode: 0o600 });
    expect((await other.run(['user', 'import', odd])).exit).toBe(2);
  } finally {
    await other[Symbol.asyncDispose]();
  }
});

test('a lost password is replaced on the machine of the server, while it runs, and the audit log tells of it', async () => {
  const file = await secret('fay', 'correct horse of fay');
  const other = await secret('fay-new', 'another horse of fay');
  await done('user', 'add', 'fay', '--grant', 'viewer', '--password-file', file);
  const { home } = await logIn('fay', file);
  await done('user', 'set', 'fay', '--disable');
  const here = { env: { HOLDFAST_SERVER: 'none' } };
  const dataDir = join(server.folder, 'server');
  const reset = (name: string, folder: string, from = other) =>
    server.run(['user', 'reset-password', name, '--data-dir', folder, '--password-file', from], here);
  expect(await reset('fay', dataDir)).toMatchObject({ exit: 0, stdout: 'fay has a new password.\n' });
  expect((await server.run(['cluster', 'list'], { home })).exit).toBe(2);
  expect([(await logIn('fay', file)).exit, (await logIn('fay', other)).exit]).toEqual([2, 0]);
  expect(await done('audit', 'export', '--verify')).toMatch(
    /"by":"server"[^\n]*"action":"resetPassword"[^\n]*"name":"fay","wasDisabled":true/,
  );
  expect(await reset('nobody', dataDir)).toMatchObject({ exit: 1, stderr: expect.stringContaining('fay') });
  expect((await reset('fay', dataDir, await secret('short', 'short'))).exit).toBe(2);
  expect((await reset('fay', dataDir, await secret('long', 'x'.repeat(201)))).exit).toBe(2);
  const empty = join(server.folder, 'empty');
  expect(await reset('fay', empty)).toMatchObject({ stderr: expect.stringContaining('ENOENT') });
  await expect(stat(empty)).rejects.toThrow('ENOENT');
});
