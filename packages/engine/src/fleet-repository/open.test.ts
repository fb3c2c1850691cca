import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import type { RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import { SigningKey } from '@holdfast/repository/manifest';
import { formatSecretKeyFile, generateSecretKey } from '@holdfast/repository/object';
import { expect, onTestFinished, test } from 'vitest';
import { openFleetRepository, type OpenFleetOptions } from './open.ts';
import { probeFleetRepository } from './probe.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-fleet-repository-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

function options(changes: Partial<OpenFleetOptions> = {}): OpenFleetOptions {
  return {
    create: false,
    memory: folder(),
    clock: systemClock,
    signal: new AbortController().signal,
    warn: () => {},
    random: () => randomInt(2 ** 32) / 2 ** 32,
    ...changes,
  };
}

const inFolder = (path: string): RepositorySpec => ({ name: 'main', path, readByServer: true });
const inBucket = (s3: NonNullable<RepositorySpec['s3']>): RepositorySpec => ({
  ...{ name: 'main', s3, readByServer: true },
});

async function keys(): Promise<RepositorySecrets & { identities: string; signingKey: string }> {
  return {
    identities: formatSecretKeyFile(await generateSecretKey(), new Date(0)),
    signingKey: SigningKey.generate().reveal(),
  };
}

test('one that is not there is made only when that is asked for, plain without keys', async () => {
  const spec = inFolder(join(folder(), 'new'));
  await expect(openFleetRepository(spec, {}, options())).rejects.toMatchObject({
    code: 'repository-missing',
  });
  const made = await openFleetRepository(spec, {}, options({ create: true }));
  expect(made.ring).toMatchObject({ list: undefined, recipients: undefined });
  const again = await openFleetRepository(spec, {}, options({ create: true }));
  expect(again.record.id).toBe(made.record.id);
});

test('one that is made with keys seals for them, is signed by them, and opens with them', async () => {
  const spec = inFolder(join(folder(), 'new'));
  const secrets = { ...(await keys()), passphrase: 'correct horse' };
  const made = await openFleetRepository(spec, secrets, options({ create: true }));
  expect(made.ring.list?.recipients.map(({ name }) => name)).toEqual(['identity-1', 'passphrase']);
  expect(made.ring.list?.signers).toHaveLength(1);
  const opened = await openFleetRepository(spec, { passphrase: 'correct horse' }, options());
  expect((await opened.ring.opening()).keys).toHaveLength(1);
  expect(() => opened.ring.signing).toThrow(expect.objectContaining({ code: 'signer-missing' }));
});

test('one that was begun and died before its keys is given them', async () => {
  const spec = inFolder(join(folder(), 'new'));
  const begun = await openFleetRepository(spec, {}, options({ create: true }));
  const made = await openFleetRepository(spec, await keys(), options({ create: true }));
  expect(made.record.id).toBe(begun.record.id);
  expect(made.ring.recipients).toHaveLength(1);
});

test('one with clusters is not sealed behind its owner’s back', async () => {
  const spec = inFolder(join(folder(), 'new'));
  const plain = await openFleetRepository(spec, {}, options({ create: true }));
  await plain.addCluster('prod');
  expect(
    (await openFleetRepository(spec, await keys(), options({ create: true }))).ring.list,
  ).toBeUndefined();
});

test.each<[RepositorySecrets, string]>([
  [{ signingKey: 'no key' }, 'signing-key-invalid'],
  [{ trustedKeys: 'no key' }, 'trusted-keys-invalid'],
  [{ identities: 'no key' }, 'key-file-invalid'],
])('keys that are none are refused without being repeated: %j', async (secrets, code) => {
  const path = join(folder(), 'new');
  const opening = openFleetRepository(inFolder(path), secrets, options({ create: true }));
  await expect(opening).rejects.toMatchObject({
    code,
    message: expect.stringContaining('of repository main'),
    why: expect.not.stringContaining('no key'),
  });
  expect(() => readFileSync(join(path, 'holdfast-repository.json'))).toThrow('ENOENT');
});

test.each<[NonNullable<RepositorySpec['s3']>, RepositorySecrets, string]>([
  [{ bucket: 'b', encryption: 'customer:/k' }, {}, 'encryption: customer needs a file'],
  [{ bucket: 'b', encryption: 'rot13' }, {}, 'encryption: "rot13" is none of'],
  [{ bucket: 'b', lock: 'forever' }, {}, 'lock: "forever" is none of'],
  [{ bucket: 'bucket' }, { accessKeyId: 'half' }, 'credentials: '],
])('a bucket that is described wrongly: %j', async (s3, secrets, why) => {
  await expect(openFleetRepository(inBucket(s3), secrets, options())).rejects.toMatchObject({
    code: 'config-invalid',
    why: expect.stringContaining(why),
  });
});

test('a bucket that does not answer is given up in time, and at once with the signal', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => {
    silent.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void silent.close());
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const spec = inBucket({ bucket: 'bucket', endpoint });
  const secrets = { accessKeyId: 'a', secretAccessKey: 'b' };
  await expect(openFleetRepository(spec, secrets, options({ withinMs: 200 }))).rejects.toMatchObject({
    code: 's3-unreachable',
    why: expect.stringContaining('within'),
  });
  const stop = new AbortController();
  const opening = openFleetRepository(spec, secrets, options({ signal: stop.signal }));
  stop.abort(new Error('enough'));
  await expect(opening).rejects.toThrow('enough');
});

test('a folder is tried out', async () => {
  const at = folder();
  const tried = await probeFleetRepository(inFolder(at), {}, options());
  expect(tried.steps.map(({ step, failure }) => [step, failure])).toEqual([
    ['put', undefined],
    ['read', undefined],
    ['list', undefined],
    ['delete', undefined],
  ]);
});
