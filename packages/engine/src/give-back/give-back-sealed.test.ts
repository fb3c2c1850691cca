import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { openRepository, type ClientKeys, type Repository } from '@holdfast/repository';
import { SigningKey } from '@holdfast/repository/manifest';
import { generateSecretKey } from '@holdfast/repository/object';
import { storeSealed } from '@holdfast/repository/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realSnapshot } from '../adopt/testing/snapshots.ts';
import { companionsTar } from '../companions/index.ts';
import { giveBack } from './give-back.ts';
import { heldIn } from './testing/held-in.ts';

const context = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };
const content = realSnapshot();
const secret = await generateSecretKey();
const node = SigningKey.generate();

let folder: string;
const opened = (keys: ClientKeys): Promise<Repository> =>
  openRepository(join(folder, 'repository'), { create: true, keys });

const state = (name: string, hour: number) => ({
  path: `/etc/kubernetes/${name}.rkestate`,
  why: 'the cluster',
  secret: true,
  content: Buffer.from(`{"of":"${name}"}`),
  modifiedAt: new Date(Date.UTC(2026, 5, 1, hour)),
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-give-back-sealed-'));
  const repository = await opened({ signing: node });
  const files = [state('old', 1), state('new', 9), state('middle', 5)];
  const at = { distribution: 'rke', node: 'cp-1', collectedAt: new Date('2026-06-02T00:00:00Z') } as const;
  await storeSealed(repository, await repository.addCluster('prod'), 'one', content, {
    recipients: [secret.publicKey],
    companions: companionsTar({ ...at, files, left: [] }),
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a sealed snapshot is given back to RKE with the newest state among its companions', async () => {
  const repository = await opened({ opening: async () => ({ keys: [secret] }), trusted: [node.publicKey] });
  const to = join(folder, 'out', 'here');
  const { snapshot, withState, givenName } = await giveBack(context, repository, {
    name: 'one',
    as: 'rke',
    folder: to,
  });
  expect(withState).toBe(true);
  const held = await heldIn(readFileSync(snapshot.path));
  expect(held.get(`/backup/${givenName}`)?.equals(content)).toBe(true);
  expect(held.get(`/etc/kubernetes/${givenName}.rkestate`)?.toString()).toBe('{"of":"new"}');
});

test('without the key, or from one who is not trusted, nothing is written', async () => {
  const to = join(folder, 'out');
  for (const [keys, code] of [
    [{ trusted: [node.publicKey] }, 'key-missing'],
    [
      { opening: async () => ({ keys: [secret] }), trusted: [SigningKey.generate().publicKey] },
      'manifest-untrusted',
    ],
  ] as const) {
    const request = { name: 'one', as: 'alauda', folder: to } as const;
    await expect(giveBack(context, await opened(keys), request)).rejects.toMatchObject({ code });
    expect(readdirSync(folder)).toEqual(['repository']);
  }
});
