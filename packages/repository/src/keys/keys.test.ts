import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure, systemClock, type FailureCode } from '@holdfast/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from '../lease/testing/memory-storage.ts';
import { seal } from '../object/age/seal.ts';
import { unseal } from '../object/age/unseal.ts';
import { parseSecretKeyFile } from '../object/keys/secret-key.ts';
import { gather, streamOf } from '../object/testing/bytes.ts';
import type { Storage } from '../storage/storage.ts';
import type { ClientKeys } from './client-keys.ts';
import {
  addKey,
  addSigner,
  changePassphrase,
  initKeys,
  openKeyRing,
  removeKey,
  removeSigner,
  rotateKey,
} from './index.ts';
import { memoryStorage, opens, placeOf, repositoryId, someKeys } from './testing/place.ts';

const { secrets, signers } = await someKeys(4);
const [alice, bob, escrow, stranger] = secrets as [
  (typeof secrets)[0],
  (typeof secrets)[0],
  (typeof secrets)[0],
  (typeof secrets)[0],
];
const [admin, node, other] = signers as [(typeof signers)[0], (typeof signers)[0], (typeof signers)[0]];
const asAdmin: ClientKeys = { signing: admin };
const passphrase = 'correct horse battery staple';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'holdfast-keys-'))));
afterAll(() => rmSync(folder, { recursive: true }));

async function failureOf(code: FailureCode, work: Promise<unknown>) {
  try {
    await work;
  } catch (error) {
    if (isFailure(error, code)) return error;
    throw error;
  }
  throw new Error(`it was expected to fail with ${code}`);
}

const ring = (storage: Storage, client: ClientKeys = {}) => openKeyRing(storage, repositoryId, client);

/** Seals as a writer of now does. */
async function sealed(storage: Storage, text: string): Promise<Buffer> {
  const { recipients } = await ring(storage);
  return gather(seal(streamOf([Buffer.from(text)]), { recipients: recipients! }));
}

/** What a client makes of it. */
async function opened(storage: Storage, bytes: Buffer, client: ClientKeys): Promise<string> {
  const using = await (await ring(storage, client)).opening();
  return (await gather(unseal(streamOf([bytes]), using, 'it'))).toString();
}

/** A repository that seals for alice and is signed by an admin. */
async function made(): Promise<Storage> {
  const storage = memoryStorage();
  const signer = { key: admin.publicKey, name: 'ops' };
  await initKeys(placeOf(storage, asAdmin), [{ name: 'alice', key: alice.publicKey }], [signer]);
  return storage;
}

describe('without a key list', () => {
  it('nothing is sealed, and who has trusted keys writes nothing there', async () => {
    const storage = memoryStorage();
    expect(await ring(storage)).toMatchObject({ list: undefined, recipients: undefined, signing: undefined });
    const wary = await ring(storage, { trusted: [admin.publicKey] });
    await failureOf('keys-untrusted', (async () => wary.recipients)());
  });

  it('no key can be added, removed or rotated', async () => {
    const place = placeOf(memoryStorage(), asAdmin);
    const key = alice.publicKey.text;
    await failureOf('keys-none', addKey(place, { name: 'a', key: alice.publicKey }, { past: false }));
    await failureOf('keys-none', removeKey(place, { key, last: false }));
    await failureOf('keys-none', rotateKey(place, { from: key, to: { passphrase } }));
    await failureOf('keys-none', addSigner(place, { key: node.publicKey, name: 'n', role: 'writer' }));
  });
});

describe('the first key list', () => {
  it('tells whom to seal for, who signs, and that manifests must be signed', async () => {
    const storage = await made();
    const { list, recipients, trust, firstUse } = await ring(storage, asAdmin);
    expect(list).toMatchObject({ sequence: 1, previous: null, repository: repositoryId });
    expect(recipients?.map(({ text }) => text)).toEqual([alice.publicKey.text]);
    expect(trust.policy).toEqual({
      require: 'signed',
      keys: [{ keyid: admin.publicKey.keyid, name: 'ops' }],
    });
    expect(trust.keys.map(({ keyid }) => keyid)).toEqual([admin.publicKey.keyid]);
    expect(firstUse).toBe(false);
    expect((await ring(storage, { require: 'any' })).trust.policy.require).toBe('any');
  });

  it('is made once, and only by one of its admins', async () => {
    const storage = await made();
    await failureOf('keys-changed', initKeys(placeOf(storage, asAdmin), [], []));
    const signer = { key: admin.publicKey, name: 'ops' };
    for (const client of [{}, { signing: node }])
      await failureOf('signer-missing', initKeys(placeOf(memoryStorage(), client), [], [signer]));
  });

  it('may name no signer: then nothing has to be signed', async () => {
    const storage = memoryStorage();
    await initKeys(placeOf(storage, {}), [{ name: 'alice', key: alice.publicKey }], []);
    const { trust, signing } = await ring(storage, { signing: node });
    expect([trust.policy.require, signing]).toEqual(['any', undefined]);
    await addKey(placeOf(storage, {}), { name: 'bob', key: bob.publicKey }, { past: false });
    await addSigner(placeOf(storage, asAdmin), { key: admin.publicKey, name: 'ops', role: 'admin' });
    await failureOf(
      'signer-missing',
      removeKey(placeOf(storage, {}), { key: bob.publicKey.text, last: false }),
    );
  });

  it('is as it was when a change was only tried', async () => {
    const storage = memoryStorage();
    const trying = { ...placeOf(storage, asAdmin), dryRun: true };
    const { list } = await initKeys(trying, [{ name: 'p', key: { passphrase } }], []);
    expect(list.secrets).toHaveLength(1);
    expect(await storage.isEmpty()).toBe(true);
  });
});

describe('who signs', () => {
  it('a writer signs what it writes, and no key list', async () => {
    const storage = await made();
    await addSigner(placeOf(storage, asAdmin), { key: node.publicKey, name: 'node', role: 'writer' });
    const { signing } = await ring(storage, { signing: node });
    expect(signing).toBe(node);
    const change = addKey(
      placeOf(storage, { signing: node }),
      { name: 'x', key: stranger.publicKey },
      { past: false },
    );
    expect((await failureOf('signer-missing', change)).why).toContain('by an admin, which');
  });

  it('nobody else writes anything, but reads', async () => {
    const storage = await made();
    for (const client of [{}, { signing: other }]) {
      const { signing: _, ...read } = Object.getOwnPropertyDescriptors(await ring(storage, client));
      expect(Object.keys(read)).toContain('recipients');
      await failureOf(
        'signer-missing',
        ring(storage, client).then(({ signing }) => signing),
      );
    }
  });

  it('one that was replaced counts for what it signed before, one that was stolen for nothing', async () => {
    const storage = await made();
    const place = placeOf(storage, asAdmin);
    await addSigner(place, { key: node.publicKey, name: 'node', role: 'writer' });
    await addSigner(place, { key: other.publicKey, name: 'other', role: 'writer' });
    await removeSigner(place, { keyid: node.publicKey.keyid, how: 'retire', last: false });
    await removeSigner(place, { keyid: other.publicKey.keyid, how: 'revoke', last: false });
    const { trust } = await ring(storage);
    const [, retired, revoked] = trust.policy.keys;
    expect(retired).toMatchObject({ name: 'node', until: expect.any(String) });
    expect(revoked).toMatchObject({ name: 'other', revokedAt: expect.any(String) });
    expect(trust.keys).toHaveLength(3);
    for (const signing of [node, other])
      await failureOf(
        'signer-missing',
        ring(storage, { signing }).then((each) => each.signing),
      );
    const again = { key: node.publicKey, name: 'again', role: 'writer' } as const;
    await failureOf('key-known', addSigner(place, again));
    await removeSigner(place, { keyid: node.publicKey.keyid, how: 'revoke', last: false });
    const twice = removeSigner(place, { keyid: node.publicKey.keyid, how: 'retire', last: false });
    await failureOf('key-unknown', twice);
  });

  it('the last admin goes only when that is said, and then no signature is asked for', async () => {
    const storage = await made();
    const place = placeOf(storage, asAdmin);
    const { keyid } = admin.publicKey;
    await addSigner(place, { key: node.publicKey, name: 'node', role: 'writer' });
    await failureOf('key-last', removeSigner(place, { keyid, how: 'retire', last: false }));
    await removeSigner(place, { keyid, how: 'retire', last: true });
    expect((await ring(storage)).trust.policy.require).toBe('any');
  });
});

describe('a key that is added', () => {
  it('opens what is stored from then on, and what was before only when that is asked', async () => {
    const storage = await made();
    const [asAlice, asBob] = [opens({ keys: [alice] }), opens({ keys: [bob] })];
    const before = await sealed(storage, 'before');
    await addKey(placeOf(storage, asAdmin), { name: 'bob', key: bob.publicKey }, { past: false });
    const after = await sealed(storage, 'after');
    expect(await opened(storage, after, asAlice)).toBe('after');
    expect(await opened(storage, after, asBob)).toBe('after');
    await failureOf('key-not-matching', opened(storage, before, asBob));

    const handing = placeOf(storage, { ...asAdmin, ...opens({ keys: [stranger, alice] }) });
    const { list } = await addKey(handing, { name: 'escrow', key: escrow.publicKey }, { past: true });
    // What the caller has beside, for other repositories, is not given away.
    expect(list.secrets.map(({ recipient }) => recipient)).toEqual([alice.publicKey.text]);
    expect(await opened(storage, before, opens({ keys: [escrow] }))).toBe('before');
    await failureOf('key-known', addKey(handing, { name: 'e', key: escrow.publicKey }, { past: false }));
  });

  it('that is removed opens what is stored already, and nothing that comes', async () => {
    const storage = await made();
    const place = placeOf(storage, asAdmin);
    await addKey(place, { name: 'bob', key: bob.publicKey }, { past: false });
    const before = await sealed(storage, 'before');
    await removeKey(place, { key: bob.publicKey.text, last: false });
    expect(await opened(storage, before, opens({ keys: [bob] }))).toBe('before');
    await failureOf(
      'key-not-matching',
      opened(storage, await sealed(storage, 'after'), opens({ keys: [bob] })),
    );
    await failureOf('key-unknown', removeKey(place, { key: bob.publicKey.text, last: false }));
    await failureOf('key-last', removeKey(place, { key: alice.publicKey.text, last: false }));
    await removeKey(place, { key: alice.publicKey.text, last: true });
    expect((await ring(storage)).recipients).toBeUndefined();
  });
});

describe('a passphrase', () => {
  const known = opens({ passphrases: [passphrase] });

  it('opens a secret key of the repository, with which all is opened', async () => {
    const storage = memoryStorage();
    await initKeys(placeOf(storage, {}), [{ name: 'all of us', key: { passphrase } }], []);
    const bytes = await sealed(storage, 'secret');
    expect(await opened(storage, bytes, known)).toBe('secret');
    await failureOf('key-not-matching', opened(storage, bytes, opens({ passphrases: ['wrong'] })));
    await failureOf('key-missing', opened(storage, bytes, {}));
    await failureOf('key-missing', opened(storage, bytes, opens({})));
  });

  it('is changed, and the old one is gone with its object', async () => {
    const storage = memoryStorage();
    const { list } = await initKeys(placeOf(storage, {}), [{ name: 'us', key: { passphrase } }], []);
    const bytes = await sealed(storage, 'secret');
    await failureOf(
      'key-not-matching',
      changePassphrase(placeOf(storage, opens({ passphrases: ['wrong'] })), { passphrase: 'n' }),
    );
    await changePassphrase(placeOf(storage, known), { passphrase: 'new' });
    expect(await storage.stat(list.secrets[0]!.object)).toBeUndefined();
    expect(await opened(storage, bytes, opens({ passphrases: ['new'] }))).toBe('secret');
    await failureOf('key-not-matching', opened(storage, bytes, known));
  });

  it('that was lost is replaced by who has the key', async () => {
    const storage = memoryStorage();
    await initKeys(placeOf(storage, {}), [{ name: 'us', key: { passphrase } }], []);
    const keys = (await (await ring(storage, known)).opening()).keys!;
    await changePassphrase(placeOf(storage, opens({ keys })), { passphrase: 'new' });
    expect((await (await ring(storage, opens({ passphrases: ['new'] }))).opening()).keys).toHaveLength(1);
  });
});

describe('rotation', () => {
  it('leaves what is stored as it is: the new key opens the old one, and so on back to the first', async () => {
    const storage = await made();
    const first = await sealed(storage, 'first');
    let mine = alice;
    for (const round of [1, 2]) {
      const file = join(folder, `rotated-${round}.txt`);
      const place = placeOf(storage, { ...asAdmin, ...opens({ keys: [mine] }) });
      const from = mine.publicKey.text;
      const { list } = await rotateKey(place, { from, to: { file } });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      [mine] = (await parseSecretKeyFile(readFileSync(file, 'utf8'), file)) as [typeof alice];
      expect(list.recipients).toMatchObject([{ key: mine.publicKey.text, name: 'alice' }]);
      await failureOf('key-unknown', rotateKey(place, { from, to: { file: join(folder, 'none') } }));
    }
    expect(await opened(storage, first, opens({ keys: [mine] }))).toBe('first');
    const now = await sealed(storage, 'now');
    expect(await opened(storage, now, opens({ keys: [mine] }))).toBe('now');
    await failureOf('key-not-matching', opened(storage, now, opens({ keys: [alice] })));
  });

  it('under a passphrase asks for the old key once more, and needs no file', async () => {
    const storage = memoryStorage();
    const known = opens({ passphrases: [passphrase] });
    const { list } = await initKeys(placeOf(storage, {}), [{ name: 'us', key: { passphrase } }], []);
    const first = await sealed(storage, 'first');
    const from = list.recipients[0]!.key;
    const rotated = await rotateKey(placeOf(storage, known), { from, to: { passphrase } });
    expect(rotated.list.recipients[0]?.key).not.toBe(from);
    expect(rotated.list.secrets.filter(({ sealedFor }) => sealedFor === 'passphrase')).toHaveLength(1);
    expect(await opened(storage, first, known)).toBe('first');
    expect(await opened(storage, await sealed(storage, 'now'), known)).toBe('now');
  });

  it('writes no key over another, and needs the old one', async () => {
    const storage = await made();
    const from = alice.publicKey.text;
    const file = join(folder, 'rotated-1.txt');
    const as = (key: typeof alice) => placeOf(storage, { ...asAdmin, ...opens({ keys: [key] }) });
    await failureOf('file-exists', rotateKey(as(alice), { from, to: { file } }));
    await failureOf('key-not-matching', rotateKey(as(bob), { from, to: { file: join(folder, 'none') } }));
    const trying = { ...as(alice), dryRun: true };
    await rotateKey(trying, { from, to: { file: join(folder, 'none') } });
    expect(() => statSync(join(folder, 'none'))).toThrow('ENOENT');
  });
});

/** Lets something happen once, right before a key list is written. */
class BusyStorage extends MemoryStorage {
  meanwhile: (() => Promise<unknown>) | undefined;

  override async put(key: string, content: Uint8Array): Promise<boolean> {
    const happens = key.endsWith('.json') ? this.meanwhile : undefined;
    if (happens !== undefined) this.meanwhile = undefined;
    await happens?.();
    return super.put(key, content);
  }
}

it('of two who change the keys at once one is told, and leaves nothing behind', async () => {
  const storage = new BusyStorage(systemClock);
  await initKeys(
    placeOf(storage, asAdmin),
    [{ name: 'alice', key: alice.publicKey }],
    [{ key: admin.publicKey, name: 'ops' }],
  );
  const file = join(folder, 'raced.txt');
  const place = placeOf(storage, { ...asAdmin, ...opens({ keys: [alice] }) });
  storage.meanwhile = () => addKey(place, { name: 'bob', key: bob.publicKey }, { past: false });
  const rotation = rotateKey(place, { from: alice.publicKey.text, to: { file } });
  await failureOf('keys-changed', rotation);
  expect(() => statSync(file)).toThrow('ENOENT');
  const keys = (await Array.fromAsync(storage.list(''))).map(({ key }) => key);
  expect(keys).toEqual(['keys/000001.json', 'keys/000002.json']);
  expect((await ring(storage)).recipients).toHaveLength(2);
});

it('a secret key that is lost, swapped or altered is damaged, and hides no other', async () => {
  const storage = await made();
  const client = { ...asAdmin, ...opens({ keys: [alice] }) };
  const past = { past: true };
  const { list } = await addKey(placeOf(storage, client), { name: 'bob', key: bob.publicKey }, past);
  await addKey(placeOf(storage, client), { name: 'p', key: { passphrase } }, { past: true });
  const { object } = list.secrets[0]!;
  const asBob = opens({ keys: [bob] });
  expect((await (await ring(storage, asBob)).opening()).keys).toHaveLength(2);
  const bytes = Buffer.from((await storage.get(object, 10_000))!);
  await storage.delete(object);
  expect((await (await ring(storage, asBob)).opening()).keys).toHaveLength(1);
  await storage.put(object, Buffer.concat([bytes, Buffer.from('x')]));
  expect((await (await ring(storage, asBob)).opening()).keys).toHaveLength(1);
  const sealedKeys = (await ring(storage)).list!.secrets;
  const byPassphrase = sealedKeys.find(({ sealedFor }) => sealedFor === 'passphrase')!;
  await storage.delete(byPassphrase.object);
  const lost = (await ring(storage, opens({ passphrases: [passphrase] }))).opening();
  expect((await failureOf('object-damaged', lost)).why).toBe('it is missing');
});
