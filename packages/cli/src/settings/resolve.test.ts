import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { quietIo } from '../docs/quiet-io.ts';
import { resolveSettings, valuesOf, type Flags } from './resolve.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-settings-'));
  await mkdir(join(folder, 'home/.config/holdfast'), { recursive: true });
  await mkdir(join(folder, 'etc/holdfast'), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const userFile = (): string => join(folder, 'home/.config/holdfast/config.yaml');
const machineFile = (): string => join(folder, 'etc/holdfast/config.yaml');

async function settle(flags: Flags = {}, env: Record<string, string> = {}) {
  const io = { ...quietIo, env, cwd: '/here', home: join(folder, 'home'), etc: join(folder, 'etc') };
  return await resolveSettings(flags, io);
}

async function origin(name: string, flags: Flags = {}, env: Record<string, string> = {}) {
  const found = (await settle(flags, env)).origins.find((each) => each.name === name)!;
  return [found.value, found.origin];
}

test('flag over variable over etcdctl over the user over the machine over the default', async () => {
  await writeFile(machineFile(), 'etcd:\n  cacert: /machine.crt\n');
  expect(await origin('cacert')).toEqual(['/machine.crt', `${machineFile()}:2`]);
  await writeFile(userFile(), '# mine\netcd:\n  cacert: user.crt\n');
  const [file] = await origin('cacert');
  expect(file).toBe(join(folder, 'home/.config/holdfast/user.crt'));
  const env = { ETCDCTL_CACERT: 'ctl.crt', HOLDFAST_CACERT: 'ours.crt' };
  expect(await origin('cacert', {}, { ETCDCTL_CACERT: 'ctl.crt' })).toEqual([
    '/here/ctl.crt',
    'ETCDCTL_CACERT',
  ]);
  expect(await origin('cacert', {}, env)).toEqual(['/here/ours.crt', 'HOLDFAST_CACERT']);
  expect(await origin('cacert', { cacert: '/flag.crt' }, env)).toEqual(['/flag.crt', '--cacert']);
  expect(await origin('output')).toEqual(['table', 'default']);
  expect(await origin('repo')).toEqual([undefined, 'not set']);
});

test('a default may lie in the home folder, and be another one for root', async () => {
  expect(await origin('stateDir')).toEqual([join(folder, 'home/.local/state/holdfast'), 'default']);
  const root = await resolveSettings({}, { ...quietIo, isRoot: true });
  expect(valuesOf(root).stateDir).toBe('/var/lib/holdfast');
  expect(await origin('stateDir', { stateDir: 'here' })).toEqual(['/here/here', '--state-dir']);
});

test('a flag whose word is not the name of its setting is found', async () => {
  expect(await origin('etcdProgram', { etcd: '/opt/etcd' })).toEqual(['/opt/etcd', '--etcd']);
});

test('an empty variable counts as not set', async () => {
  expect(await origin('repo', {}, { HOLDFAST_REPO: '' })).toEqual([undefined, 'not set']);
});

test('lists are read from variables and from both spellings in files', async () => {
  const want = ['http://a:1', 'http://b:2'];
  expect((await origin('endpoints', {}, { HOLDFAST_ENDPOINTS: 'http://a:1, http://b:2' }))[0]).toEqual(want);
  await writeFile(userFile(), 'etcd:\n  endpoints: [http://a:1, http://b:2]\n');
  expect((await origin('endpoints'))[0]).toEqual(want);
  await writeFile(userFile(), 'etcd:\n  endpoints: http://a:1,http://b:2\n');
  expect((await origin('endpoints'))[0]).toEqual(want);
});

test('--config replaces the file of the user and must be there', async () => {
  await writeFile(userFile(), 'repository: /user\n');
  await writeFile(join(folder, 'mine.yaml'), 'repository: /mine\n');
  expect((await origin('repo', { config: join(folder, 'mine.yaml') }))[0]).toEqual(['/mine']);
  await expect(settle({ config: join(folder, 'none.yaml') })).rejects.toMatchObject({
    code: 'file-unreadable',
  });
});

test.each([
  ['repositry: /x\n', 'line 1: repositry is not a setting; there are repository, cluster'],
  ['etcd:\n  endpoint: http://a:1\n', 'line 2: etcd.endpoint is not a setting'],
  ['\netcd:\n  endpoints: 7\n', 'line 3: etcd.endpoints: '],
  ['etcd:\n  password: hunter2\n', 'line 2: etcd.password is not read from this file'],
  ['repository: [\n', 'line 2: '],
  ['- a\n', 'line 1: the file: '],
])('%j is refused with its line', async (text, why) => {
  await writeFile(userFile(), text);
  const failure = await settle().catch(
    (error: unknown) => error as Error & { why: string; exitCode: number },
  );
  expect(failure).toMatchObject({ code: 'config-invalid', exitCode: 78, details: { source: userFile() } });
  expect((failure as { why: string }).why).toContain(why);
  expect(JSON.stringify(failure)).not.toContain('hunter2');
});

test('a variable that cannot be read is named', async () => {
  await expect(settle({}, { HOLDFAST_UTC: 'perhaps' })).rejects.toMatchObject({
    code: 'config-invalid',
    details: { source: 'HOLDFAST_UTC' },
  });
});

test('an empty file is no mistake', async () => {
  await writeFile(userFile(), '');
  expect(valuesOf(await settle()).output).toBe('table');
});
