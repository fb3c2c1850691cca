import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeSealer } from './aes-sealer.ts';
import { openSealer } from './key-file.ts';

const secret = Buffer.from('the secret of a bucket');
const sealer = makeSealer(randomBytes(32), randomBytes);
const sealed = sealer.seal('repository/main', secret);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('what is sealed is opened again, and shows nothing of itself', () => {
  expect(sealer.open('repository/main', sealed)).toEqual(secret);
  expect(Buffer.from(sealed).includes('secret')).toBe(false);
  expect(sealer.seal('repository/main', secret)).not.toEqual(sealed);
  expect(sealer.open('empty', sealer.seal('empty', new Uint8Array()))).toHaveLength(0);
});

test('it opens for what it belongs to alone', () => {
  expect(() => sealer.open('repository/other', sealed)).toThrow(
    expect.objectContaining({ code: 'secret-unreadable' }),
  );
});

test('another key is told from damage', () => {
  const other = makeSealer(randomBytes(32), randomBytes);
  expect(() => other.open('repository/main', sealed)).toThrow(
    expect.objectContaining({ why: 'it was sealed with another key' }),
  );
});

test('every changed or missing byte is seen', () => {
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 1;
    for (const damaged of [changed, sealed.subarray(0, at)])
      expect(() => sealer.open('repository/main', damaged)).toThrow(
        expect.objectContaining({ code: 'secret-unreadable' }),
      );
  }
});

test('the key is made at the first start, for its owner alone, and used from then on', async () => {
  const path = join(folder, 'new', 'secrets.key');
  const first = await openSealer(path, randomBytes, { make: true });
  const again = await openSealer(path, randomBytes, { make: false });
  expect(again.open('a', first.seal('a', secret))).toEqual(secret);
  const { mode, size } = await stat(path);
  expect([mode & 0o777, size]).toEqual([0o600, 32]);
  expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, 'new'))).toEqual(['secrets.key']);
});

test('servers that begin at once have one key', async () => {
  const path = join(folder, 'secrets.key');
  const all = await Promise.all(
    Array.from({ length: 8 }, () => openSealer(path, randomBytes, { make: true })),
  );
  const of = all[0]!.seal('a', secret);
  for (const each of all) expect(each.open('a', of)).toEqual(secret);
  expect(await readdir(folder)).toEqual(['secrets.key']);
});

test('a key that others may read is refused, as is one that is none, or is not there', async () => {
  const path = join(folder, 'secrets.key');
  const refused = (make = true) => openSealer(path, randomBytes, { make });
  await expect(refused(false)).rejects.toMatchObject({ code: 'file-unreadable' });
  await writeFile(path, randomBytes(32), { mode: 0o600 });
  await chmod(path, 0o640);
  await expect(refused()).rejects.toMatchObject({ code: 'secret-file-exposed' });
  await chmod(path, 0o600);
  const key = await readFile(path);
  await writeFile(path, key.subarray(1));
  await expect(refused()).rejects.toMatchObject({ code: 'secrets-key-invalid' });
  await writeFile(path, '');
  await expect(refused()).rejects.toMatchObject({ code: 'secrets-key-invalid' });
});

test('a mark is the same for the same alone, and another with another key', () => {
  const mark = sealer.mark('u-aaaaa', 'body');
  expect(mark).toMatch(/^[0-9a-f]{64}$/);
  expect(sealer.mark('u-aaaaa', 'body')).toBe(mark);
  expect(sealer.mark('u-aaaab', 'ody')).not.toBe(mark);
  expect(sealer.mark('u-aaaaa', 'bodz')).not.toBe(mark);
  expect(makeSealer(randomBytes(32), randomBytes).mark('u-aaaaa', 'body')).not.toBe(mark);
});
