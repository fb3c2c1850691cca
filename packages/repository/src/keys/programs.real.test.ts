import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { isFailure } from '@holdfast/base';
import { sealingProgramsOrSkip } from '@holdfast/test-servers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SigningKey } from '../manifest/signing-key.ts';
import { seal } from '../object/age/seal.ts';
import { formatSecretKeyFile, generateSecretKey, parseSecretKeyFile } from '../object/keys/secret-key.ts';
import { compressSeekable } from '../object/seekable/compress.ts';
import { gather, streamOf } from '../object/testing/bytes.ts';
import { LocalStorage } from '../storage/local/local.ts';
import { addKey, addSigner, initKeys, openKeyRing, rotateKey } from './index.ts';
import { opens, placeOf, repositoryId } from './testing/place.ts';

/* What lies in keys/ is opened by the program age, as docs/format.md says; and not by a node that only writes. */

const programs = await sealingProgramsOrSkip();
const passphrase = 'correct horse battery staple';
/** The second of the two ways that docs/format.md tells: a key that is opened with another one. */
const page = new URL('../../../../docs/format.md', import.meta.url);
const handedOver =
  /### Secret keys.*?```sh\n[^`]*?\n\n([^`]*)```/s.exec(readFileSync(page, 'utf8'))?.[1] ?? 'exit 9';
const script = spawnSync('script', ['--version']).status === 0;

describe.skipIf(programs.skip)('the program age', () => {
  const { age, zstd } = programs.skip ? ({} as never) : programs.had;
  let folder: string;
  let storage: LocalStorage;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-keys-'));
    storage = new LocalStorage(join(folder, 'repo'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const decrypt = (identity: string, sealed: string, output: string) =>
    spawnSync(age, ['-d', '-i', identity, '-o', join(folder, output), sealed], { encoding: 'utf8' });
  const object = (key: string): string => join(folder, 'repo', key);

  /** A file that is sealed as a writer of now does, who has the signing key and nothing else. */
  async function sealed(name: string, signing: SigningKey): Promise<string> {
    const ring = await openKeyRing(storage, repositoryId, { signing });
    expect(ring.signing).toBe(signing);
    return file(name, await gather(seal(streamOf([Buffer.from(name)]), { recipients: ring.recipients! })));
  }

  it('opens an old key with the new one, and with that what was stored before a rotation', async () => {
    const [alice, signing] = [await generateSecretKey(), SigningKey.generate()];
    const place = placeOf(storage, { signing, ...opens({ keys: [alice] }) });
    const signer = { key: signing.publicKey, name: 'ops' };
    await initKeys(place, [{ name: 'alice', key: alice.publicKey }], [signer]);
    const before = await sealed('before', signing);
    const newKey = join(folder, 'new.txt');
    const { list } = await rotateKey(place, { from: alice.publicKey.text, to: { file: newKey } });
    const after = await sealed('after', signing);

    expect(decrypt(newKey, after, 'after.plain').status).toBe(0);
    expect(readFileSync(join(folder, 'after.plain'), 'utf8')).toBe('after');
    expect(decrypt(newKey, before, 'none').status).not.toBe(0);
    expect(decrypt(newKey, object(list.secrets[0]!.object), 'older.txt').status).toBe(0);
    expect(decrypt(join(folder, 'older.txt'), before, 'before.plain').status).toBe(0);
    expect(readFileSync(join(folder, 'before.plain'), 'utf8')).toBe('before');
    const [older] = await parseSecretKeyFile(readFileSync(join(folder, 'older.txt'), 'utf8'), 'older.txt');
    expect(older?.reveal()).toBe(alice.reveal());
  });

  it('opens a snapshot from before a rotation with the commands that are written down', async () => {
    const [alice, signing] = [await generateSecretKey(), SigningKey.generate()];
    const place = placeOf(storage, opens({ keys: [alice] }));
    await initKeys(place, [{ name: 'alice', key: alice.publicKey }], []);
    const plain = compressSeekable(streamOf([Buffer.from('a snapshot')]));
    const to = { recipients: (await openKeyRing(storage, repositoryId, { signing })).recipients! };
    file('repo/snapshot.db.zst.age', await gather(seal(plain, to)));
    const newKey = join(folder, 'repo', 'new.txt');
    const { list } = await rotateKey(place, { from: alice.publicKey.text, to: { file: newKey } });
    const commands = handedOver.replace('keys/secret-<digits>.age', list.secrets[0]!.object);
    const PATH = [dirname(age), dirname(zstd), process.env['PATH']].join(delimiter);
    const run = spawnSync('sh', ['-e', '-c', commands], {
      cwd: join(folder, 'repo'),
      env: { ...process.env, PATH },
      encoding: 'utf8',
    });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(readFileSync(join(folder, 'repo', 'snapshot.db'), 'utf8')).toBe('a snapshot');
  });

  it.skipIf(!script)('takes a key that a passphrase opens as it lies there', async () => {
    const signing = SigningKey.generate();
    const signer = { key: signing.publicKey, name: 'ops' };
    const recipient = { name: 'us', key: { passphrase } };
    const { list } = await initKeys(placeOf(storage, { signing }), [recipient], [signer]);
    const stored = await sealed('by passphrase', signing);
    const identity = object(list.secrets[0]!.object);
    // It asks for passphrases on a terminal only, which `script` is for it.
    const type = (typed: string) =>
      spawnSync(
        'script',
        ['-qec', `'${age}' -d -i '${identity}' -o '${join(folder, 'plain')}' '${stored}'`, '/dev/null'],
        { input: `${typed}\n`, encoding: 'utf8', timeout: 60_000 },
      );
    expect(type('wrong').status).not.toBe(0);
    expect(type(passphrase).status).toBe(0);
    expect(readFileSync(join(folder, 'plain'), 'utf8')).toBe('by passphrase');
  });

  it('opens nothing for a node that has the whole repository and its signing key', async () => {
    const [alice, bob, ops, node] = [
      await generateSecretKey(),
      await generateSecretKey(),
      SigningKey.generate(),
      SigningKey.generate(),
    ];
    const admin = placeOf(storage, { signing: ops, ...opens({ keys: [alice] }) });
    await initKeys(admin, [{ name: 'alice', key: alice.publicKey }], [{ key: ops.publicKey, name: 'ops' }]);
    await addKey(admin, { name: 'bob', key: bob.publicKey }, { past: true });
    await addKey(admin, { name: 'us', key: { passphrase } }, { past: true });
    await addSigner(admin, { key: node.publicKey, name: 'node', role: 'writer' });
    const stored = await sealed('secret', node);

    const ring = await openKeyRing(storage, repositoryId, { signing: node });
    await expect(ring.opening()).rejects.toSatisfy((error) => isFailure(error, 'key-missing'));
    // Neither its own key nor anything that lies in the repository is a key that age could open it with.
    const kept = (await Array.fromAsync(storage.list('keys'))).map(({ key }) => object(key));
    expect(kept).toHaveLength(4 + 3);
    for (const identity of [file('node.pem', node.reveal()), ...kept])
      expect([identity, decrypt(identity, stored, 'none').status]).not.toEqual([identity, 0]);
    // Nor may it let in a key of its own.
    const own = await generateSecretKey();
    const change = addKey(
      placeOf(storage, { signing: node }),
      { name: 'x', key: own.publicKey },
      { past: false },
    );
    await expect(change).rejects.toSatisfy((error) => isFailure(error, 'signer-missing'));
    expect(decrypt(file('alice.txt', formatSecretKeyFile(alice, new Date(0))), stored, 'plain').status).toBe(
      0,
    );
  });
});
