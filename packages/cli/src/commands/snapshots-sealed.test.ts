import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { companionsTar } from '@holdfast/engine';
import { makeSigningKeyFile, SigningKey } from '@holdfast/repository/manifest';
import { formatSecretKeyFile, generateSecretKey } from '@holdfast/repository/object';
import { storeSealed } from '@holdfast/repository/testing';
import { openRepository, type Repository } from '@holdfast/repository';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdfast, type Ran } from '../testing/io.ts';

const content = Buffer.alloc(100_000, 'what etcd sent ');
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-sealed-'));
  const secret = await generateSecretKey();
  const node = await makeSigningKeyFile(join(folder, 'signing.pem'));
  writeFileSync(join(folder, 'key.txt'), formatSecretKeyFile(secret, new Date(0)), { mode: 0o600 });
  writeFileSync(join(folder, 'signers.pem'), node.publicKey.toPem());
  env = {
    HOME: folder,
    HOLDFAST_REPO: join(folder, 'repository'),
    HOLDFAST_IDENTITY_FILE: join(folder, 'key.txt'),
    HOLDFAST_TRUSTED_KEYS: join(folder, 'signers.pem'),
  };
  const by = (signing: SigningKey): Promise<Repository> =>
    openRepository(join(folder, 'repository'), { create: true, keys: { signing } });
  const { id, name } = await (await by(node)).addCluster('prod');
  for (const [snapshot, key, hour] of [
    ['mine', node, 1],
    ['forged', SigningKey.generate(), 2],
  ] as const) {
    const at = `2026-11-20T0${hour}:00:00.000Z`;
    await storeSealed(await by(key), { id, name }, snapshot, content, {
      recipients: [secret.publicKey],
      companions: companionsTar(collected),
      changes: { times: { startedAt: at, finishedAt: at } },
    });
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const collected = {
  distribution: 'plain',
  node: 'cp-1',
  collectedAt: new Date(0),
  files: [
    {
      path: '/etc/etcd/peer.key',
      why: 'its identity',
      secret: true,
      content: Buffer.from('a key'),
      modifiedAt: new Date(0),
    },
  ],
  left: [],
} as const;
const cli = (args: string, more: object = {}): Promise<Ran> =>
  holdfast(args.split(' '), { env: { ...env, ...more } });

test('what nobody vouches for is listed as that, and latest passes over it and says so', async () => {
  const { stdout } = await cli('snapshot list');
  expect(stdout).toMatch(/^forged .* stored, untrusted$/m);
  expect(stdout).toMatch(/^mine .* stored$/m);
  expect((await cli('snapshot list -o wide')).stdout).toMatch(/^forged .* no +m1/m);
  const latest = await cli('snapshot show latest -q');
  expect([latest.stdout, latest.stderr]).toEqual([
    'mine\n',
    expect.stringMatching(/forged is passed over: .* is not one of the trusted ones/),
  ]);
  expect((await cli('snapshot show latest~1')).stderr).toContain('the repository holds only 1 trusted');
  expect((await cli('snapshot show latest -q', { HOLDFAST_REQUIRE: 'any' })).stdout).toBe('forged\n');
});

test('show tells how it is stored, for whom it is sealed and who signed', async () => {
  const { stdout } = await cli('snapshot show mine');
  expect(stdout).toMatch(/snapshot\.db\.zst\.age +zstd\+age, .+ of 97\.7 KiB/);
  expect(stdout).toMatch(/companions\.tar\.age +age, /);
  expect(stdout).toMatch(/sealed for +age1.{5}….{5}$/m);
  expect(stdout).toMatch(/signed +SHA256:\S+$/m);
  expect((await cli('snapshot show forged')).stdout).toMatch(/signed +untrusted: the key SHA256:/);
  const json = JSON.parse((await cli('snapshot show forged -o json')).stdout) as object;
  expect(json).toMatchObject({ trust: { trusted: false, by: [] }, locks: [null, null] });
});

test('export and companions refuse what is not trusted, and companions warn of what they are', async () => {
  const to = join(folder, 'out');
  for (const verb of ['export', 'companions']) {
    const refused = await cli(`snapshot ${verb} forged --to ${to}`);
    expect([refused.exit, refused.stderr]).toEqual([14, expect.stringContaining('not trusted')]);
  }
  expect(existsSync(to)).toBe(false);
  const { exit, stdout, stderr } = await cli(`snapshot companions mine --to ${to}`);
  expect([exit, stderr]).toEqual([0, expect.stringContaining('private keys of cluster prod')]);
  expect(stdout).toMatch(/etc\/etcd\/peer\.key +5 B +its identity \(secret\)/);
  expect(readFileSync(join(to, 'etc/etcd/peer.key'), 'utf8')).toBe('a key');
});

test('export --sealed needs no key', async () => {
  const to = join(folder, 'sealed');
  const { exit, stdout } = await cli(`snapshot export mine --sealed --to ${to}`, {
    HOLDFAST_IDENTITY_FILE: '',
  });
  expect([exit, stdout]).toEqual([0, expect.stringMatching(/manifest\.json +\d/)]);
});

test('what is sealed is copied to where nothing is only when that is said', async () => {
  await openRepository(join(folder, 'open'), { create: true });
  const more = { HOLDFAST_TRUSTED_KEYS: '', HOLDFAST_REQUIRE: 'any' };
  const copy = `snapshot copy mine --to ${join(folder, 'open')} --json`;
  const refused = await cli(copy, more);
  expect([refused.exit, JSON.parse(refused.stderr)]).toEqual([
    2,
    expect.objectContaining({ code: 'usage', why: expect.stringContaining('say --plain') }),
  ]);
  expect((await cli('snapshot list -q', { ...more, HOLDFAST_REPO: join(folder, 'open') })).stdout).toBe('');
  const said = await cli(`${copy} --plain`, more);
  expect([said.exit, JSON.parse(said.stdout)]).toEqual([0, expect.objectContaining({ outcome: 'copied' })]);
});
