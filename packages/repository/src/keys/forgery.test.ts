import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure, systemClock } from '@holdfast/base';
import { adminsOf, type KeyList } from '@holdfast/model';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryStorage } from '../lease/testing/memory-storage.ts';
import { openManifest, signManifest } from '../manifest/envelope.ts';
import type { SigningKey } from '../manifest/signing-key.ts';
import { encodeRecord } from '../record.ts';
import type { Storage } from '../storage/storage.ts';
import type { ClientKeys } from './client-keys.ts';
import {
  addKey,
  addSigner,
  initKeys,
  openKeyRing,
  recall,
  remember,
  removeKey,
  removeSigner,
} from './index.ts';
import { readKeyLists } from './key-lists.ts';
import { placeOf, repositoryId, someKeys, tickingClock } from './testing/place.ts';

/* Key lists that are really signed, changed as holders do, then tampered with as whoever may write to a repository can. */

const { secrets, signers } = await someKeys(5);
const [first, ...others] = signers as [SigningKey, ...SigningKey[]];
const [thief] = (await someKeys(1)).signers as [SigningKey];

let memory: string;
beforeAll(() => void (memory = mkdtempSync(join(tmpdir(), 'holdfast-memory-'))));
afterAll(() => rmSync(memory, { recursive: true }));

type Objects = ReadonlyMap<string, Buffer>;

const index = fc.nat({ max: 4 });
const step = fc.record({
  verb: fc.constantFrom('addKey', 'removeKey', 'addAdmin', 'addWriter', 'retire', 'revoke'),
  by: index,
  about: index,
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One change, by an admin in most cases; a refusal leaves everything as it was. */
async function change(storage: Storage, { verb, by, about }: Step, clock: ReturnType<typeof tickingClock>) {
  const { list } = await openKeyRing(storage, repositoryId, {});
  const admins = adminsOf(list!).map(({ keyid }) => keyid);
  const holders = [...signers.filter(({ publicKey }) => admins.includes(publicKey.keyid)), signers[by]!];
  const place = placeOf(storage, { signing: holders[by % holders.length]!, memory }, clock);
  const [key, signer] = [secrets[about]!.publicKey, signers[about]!.publicKey];
  const { keyid } = signer;
  const verbs = {
    addKey: () => addKey(place, { name: `key ${about}`, key }, { past: false }),
    removeKey: () => removeKey(place, { key: key.text, last: false }),
    addAdmin: () => addSigner(place, { key: signer, name: 'admin', role: 'admin' }),
    addWriter: () => addSigner(place, { key: signer, name: 'writer', role: 'writer' }),
    retire: () => removeSigner(place, { keyid, how: 'retire', last: false }),
    revoke: () => removeSigner(place, { keyid, how: 'revoke', last: false }),
  };
  try {
    await verbs[verb]();
  } catch (error) {
    const refused = ['key-known', 'key-unknown', 'key-last', 'signer-missing'];
    if (!isFailure(error) || !refused.includes(error.code)) throw error;
  }
}

/** The objects of a repository that went through these changes, each accepted by one who has followed and by one who comes anew. */
async function history(steps: readonly Step[], id = repositoryId): Promise<Objects> {
  // A repository of its own each time, and a client that has not seen the one before.
  rmSync(memory, { recursive: true });
  mkdirSync(memory);
  const storage = new MemoryStorage(systemClock);
  const clock = tickingClock();
  const place = { ...placeOf(storage, { signing: first, memory }, clock), repositoryId: id };
  const recipient = { name: 'key 0', key: secrets[0]!.publicKey };
  await initKeys(place, [recipient], [{ key: first.publicKey, name: 'first' }]);
  for (const each of id === repositoryId ? steps : []) {
    await change(storage, each, clock);
    await openKeyRing(storage, id, { memory });
    await openKeyRing(storage, id, { trusted: [first.publicKey] });
  }
  const objects = new Map<string, Buffer>();
  for await (const { key } of storage.list('')) objects.set(key, Buffer.from((await storage.get(key, 1e6))!));
  return objects;
}

async function codeOf(objects: Objects, client: ClientKeys): Promise<string> {
  const storage = new MemoryStorage(systemClock);
  for (const [key, bytes] of objects) await storage.put(key, bytes);
  try {
    const { list } = await openKeyRing(storage, repositoryId, client);
    return `list ${list?.sequence}`;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
}

const nameOf = (sequence: number): string => `keys/${String(sequence).padStart(6, '0')}.json`;
const listOf = (bytes: Buffer): KeyList =>
  JSON.parse(openManifest(bytes, '', 'key list').payload.toString()) as KeyList;
const put = (objects: Objects, name: string, bytes: Buffer): Objects => new Map([...objects, [name, bytes]]);
const cut = (objects: Objects, from: number): Objects =>
  new Map([...objects].filter(([name]) => name < nameOf(from)));

/** A list that seals for the thief's key as well, signed by whom he likes. */
async function forged(objects: Objects, keys: readonly SigningKey[]): Promise<Buffer> {
  const storage = new MemoryStorage(systemClock);
  for (const [key, bytes] of objects) await storage.put(key, bytes);
  const { list, sha256 } = (await readKeyLists(storage, repositoryId)).lists.at(-1)!;
  const key = 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqfy6yxh';
  const recipients = [...list.recipients, { key, name: 'backup', addedAt: list.at }];
  const next = { ...list, recipients, sequence: list.sequence + 1, previous: sha256 };
  return signManifest(encodeRecord(next), keys, 'key list');
}

/** Changes that are all made. */
const busy: Step[] = [
  { verb: 'addKey', by: 0, about: 1 },
  { verb: 'addAdmin', by: 0, about: 1 },
  { verb: 'addWriter', by: 0, about: 2 },
  { verb: 'removeKey', by: 0, about: 0 },
  { verb: 'retire', by: 0, about: 2 },
  { verb: 'revoke', by: 0, about: 1 },
];

it('takes every change by who may make it, and no list that is altered, swapped, cut, forged or put back', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12, size: 'max' }),
      fc.nat(),
      fc.nat(),
      async (steps, a, b) => {
        const objects = await history(steps);
        const count = objects.size;
        seen = Math.max(seen, count);
        const follower = { memory };
        expect(await codeOf(objects, follower)).toBe(`list ${count}`);
        const [i, j] = [1 + (a % count), 1 + (b % count)];
        const [one, two] = [objects.get(nameOf(i))!, objects.get(nameOf(j))!];

        const altered = Buffer.from(one);
        altered[b % one.length]! ^= 1 << (a % 8);
        // What is altered may look like the list of a later version.
        expect(await codeOf(put(objects, nameOf(i), altered), {})).toMatch(
          /^(keys-untrusted|repository-newer)$/,
        );
        if (i !== j) {
          const swapped = put(put(objects, nameOf(i), two), nameOf(j), one);
          expect(await codeOf(swapped, {})).toBe('keys-untrusted');
        }
        const without = new Map([...objects].filter(([name]) => name !== nameOf(i)));
        expect(await codeOf(without, i < count ? {} : follower)).toBe(
          i < count ? 'keys-untrusted' : 'keys-rolled-back',
        );
        expect(await codeOf(cut(objects, i), follower)).toBe('keys-rolled-back');

        const list = listOf(objects.get(nameOf(count))!);
        const admins = adminsOf(list).map(({ keyid }) => keyid);
        const powerless = [thief, ...signers].filter(({ publicKey }) => !admins.includes(publicKey.keyid));
        const next = put(objects, nameOf(count + 1), await forged(objects, powerless));
        expect(await codeOf(next, {})).toBe('keys-untrusted');

        // Who once was an admin makes another history from there: only who has seen the true one, or trusts others, can tell.
        const before = cut(objects, count);
        if (before.size > 0) {
          const fork = put(before, nameOf(count), await forked(before));
          expect(await codeOf(fork, follower)).toBe('keys-rolled-back');
        }
      },
    ),
    { numRuns: 25, examples: [[busy, 3, 1234]] },
  );
  expect(seen).toBeGreaterThan(busy.length);
}, 60_000);

/** Another list after these, by one who was an admin then. */
async function forked(objects: Objects): Promise<Buffer> {
  const list = listOf([...objects.values()].at(-1)!);
  const admins = adminsOf(list).map(({ keyid }) => keyid);
  return forged(
    objects,
    signers.filter(({ publicKey }) => admins.includes(publicKey.keyid)),
  );
}

it('takes no list of another repository, and no manifest for a list', async () => {
  const objects = await history([]);
  const elsewhere = await history([], '7be4c0de-52a1-4f3c-a8d9-0c1b2a3d4e5f');
  expect(await codeOf(elsewhere, {})).toBe('keys-untrusted');
  const { payload } = openManifest(objects.get(nameOf(1))!, '', 'key list');
  expect(await codeOf(put(objects, nameOf(1), signManifest(payload, [first])), {})).toBe('keys-untrusted');
});

it('takes only what trusted keys vouch for, and keys are what they are said to be', async () => {
  const objects = await history([{ verb: 'addAdmin', by: 0, about: 1 }]);
  expect(await codeOf(objects, { trusted: [first.publicKey] })).toBe('list 2');
  // Named in the list, and yet it has signed none.
  expect(await codeOf(objects, { trusted: [others[0]!.publicKey] })).toBe('keys-untrusted');
  const list = listOf(objects.get(nameOf(1))!);
  const [signer] = list.signers;
  const posing = { ...list, signers: [{ ...signer!, publicKey: thief.publicKey.toPem() }] };
  const bytes = signManifest(encodeRecord(posing), [thief, first], 'key list');
  expect(await codeOf(new Map([[nameOf(1), bytes]]), {})).toBe('keys-untrusted');
  const newer = signManifest(encodeRecord({ ...list, apiVersion: 'holdfast.dev/v9' }), [first], 'key list');
  expect(await codeOf(put(objects, nameOf(1), newer), {})).toBe('repository-newer');
  const weak = {
    key: 'age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqfy6yxh',
    name: 'w',
    addedAt: list.at,
  };
  const sealing = signManifest(encodeRecord({ ...list, recipients: [weak] }), [first], 'key list');
  expect(await codeOf(new Map([[nameOf(1), sealing]]), {})).toBe('keys-untrusted');
});

it('remembers across runs: tells a first use, keeps what others keep there, and refuses what goes back', async () => {
  const two = await history([{ verb: 'addAdmin', by: 0, about: 1 }]);
  const folder = join(memory, 'deep', 'er');
  const client = { memory: folder };
  const storage = new MemoryStorage(systemClock);
  await storage.put(nameOf(1), two.get(nameOf(1))!);
  const heads = { [repositoryId]: [{ writer: first.publicKey.keyid, sequence: 3, sha256: 'ab'.repeat(32) }] };
  await remember(folder, repositoryId, (before) => ({ ...before, heads }));
  expect((await openKeyRing(storage, repositoryId, client)).firstUse).toBe(true);
  expect((await openKeyRing(storage, repositoryId, client)).firstUse).toBe(false);
  await storage.put(nameOf(2), two.get(nameOf(2))!);
  expect((await openKeyRing(storage, repositoryId, client)).firstUse).toBe(false);
  expect(await recall(folder, repositoryId)).toMatchObject({ keyList: { sequence: 2 }, heads });
  expect(await codeOf(cut(two, 2), client)).toBe('keys-rolled-back');
  expect(await codeOf(new Map(), client)).toBe('keys-rolled-back');
  const file = join(folder, `${repositoryId}.json`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  writeFileSync(file, '{}');
  expect(await codeOf(two, client)).toBe('memory-damaged');
});

it('refuses a repository with another id where one with keys was seen', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-place-'));
  try {
    const storage = new MemoryStorage(systemClock);
    const clock = tickingClock();
    const recipient = { name: 'one', key: secrets[0]!.publicKey };
    const place = placeOf(storage, { signing: first, memory: folder }, clock);
    await initKeys(place, [recipient], [{ key: first.publicKey, name: 'first' }]);
    await openKeyRing(storage, repositoryId, { memory: folder });
    const other = '11111111-1111-4111-8111-111111111111';
    const planted = openKeyRing(new MemoryStorage(systemClock), other, { memory: folder });
    await expect(planted).rejects.toMatchObject({
      code: 'keys-rolled-back',
      why: expect.stringContaining(other),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('goes on where it cannot remember or recall, and says so', async () => {
  const objects = await history([]);
  const storage = new MemoryStorage(systemClock);
  await storage.put(nameOf(1), objects.get(nameOf(1))!);
  const { unremembered } = await openKeyRing(storage, repositoryId, { memory: '/proc/nowhere/deeper' });
  expect(unremembered?.code).toBe('file-unwritable');
  writeFileSync(join(memory, 'a-file'), '');
  const unreadable = await openKeyRing(storage, repositoryId, { memory: join(memory, 'a-file') });
  expect(unreadable.unremembered?.code).toBe('file-unreadable');
});
