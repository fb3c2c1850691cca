import { thisProcess } from '../holder.ts';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '@holdfast/base';
import type { ChainFinding, ClusterRecord } from '@holdfast/model';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { initKeys } from '../keys/index.ts';
import { WriterLease, type Committed } from '../lease/index.ts';
import { openManifest, signManifest, SigningKey } from '../manifest/index.ts';
import { generateSecretKey, seal, type SecretKey } from '../object/index.ts';
import { compressSeekable } from '../object/seekable/compress.ts';
import { gather, streamOf } from '../object/testing/bytes.ts';
import { encodeRecord } from '../record.ts';
import { openRepository, type Repository } from '../repository.ts';
import { LocalStorage } from '../storage/local/local.ts';
import { storeSealed } from '../testing/sealed.ts';
import { evidenceOf } from '../testing/snapshot.ts';
import { checkStoredChain } from './chain.ts';
import { completeUncommitted } from './complete.ts';
import { readAgain } from './read-again.ts';

const base = mkdtempSync(join(tmpdir(), 'holdfast-tampering-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const admin = SigningKey.generate();
const thief = SigningKey.generate();
let secret: SecretKey;
let at = Date.parse('2026-11-20T09:00:00Z');
const clock: Clock = { ...systemClock, now: () => new Date((at += 1000)) };
let path: string;
let memory: string;
let repository: Repository;
let prod: ClusterRecord;
let other: ClusterRecord;

/** Seals and compresses as a save does, and signs. */
async function save(cluster: ClusterRecord, name: string): Promise<void> {
  const content = Buffer.from(`content of ${name} in ${cluster.name}`.padEnd(60));
  const now = clock.now().toISOString();
  await storeSealed(repository, cluster, name, content, {
    recipients: [secret.publicKey],
    changes: { times: { startedAt: now, finishedAt: now } },
  });
}

async function sealed(content: Buffer): Promise<Buffer> {
  return gather(seal(compressSeekable(streamOf([content])), { recipients: [secret.publicKey] }));
}

beforeEach(async () => {
  secret ??= await generateSecretKey();
  const own = mkdtempSync(join(base, 'r-'));
  [path, memory] = [join(own, 'repository'), join(own, 'memory')];
  const keys = { signing: admin, opening: async () => ({ keys: [secret] }), memory };
  const bare = await openRepository(path, { create: true, clock, keys });
  const place = { storage: bare.storage, repositoryId: bare.record.id, client: keys, clock };
  await initKeys(
    place,
    [{ name: 'escrow', key: secret.publicKey }],
    [{ key: admin.publicKey, name: 'admin' }],
  );
  repository = await openRepository(path, { create: false, clock, keys });
  [prod, other] = [await repository.addCluster('prod'), await repository.addCluster('other')];
  for (const name of ['a', 'b', 'c', 'd']) await save(prod, name);
  await save(other, 'a');
  await repository.deleteSnapshot(prod.id, 'b');
  expect(await chain()).toEqual([]);
});

const folder = (name: string, cluster = prod): string =>
  join(path, 'clusters', cluster.id, 'snapshots', name);
const manifestIn = (name: string, cluster = prod): string =>
  join(
    folder(name, cluster),
    readdirSync(folder(name, cluster)).find((file) => file.startsWith('manifest-'))!,
  );
const keyOf = (file: string): string => file.slice(path.length + 1);

async function chain(cluster = prod, withMemory: string | null = memory): Promise<readonly ChainFinding[]> {
  return (await checkStoredChain(repository, clock, cluster.id, withMemory ?? undefined)).findings;
}

const faults = async (...of: Parameters<typeof chain>) =>
  (await chain(...of)).map(({ fault, names }) => [fault, ...names].join(' '));

/** Who can write the bucket can write any record of commits. */
async function forgeCommits(edit: (committed: Committed[]) => Committed[], cluster = prod): Promise<void> {
  const scope = `clusters/${cluster.id}`;
  const storage = new LocalStorage(path);
  const lease = new WriterLease(storage, scope);
  const committed = edit([...((await lease.committed()) ?? [])]);
  rmSync(join(path, scope, 'lease'), { recursive: true });
  expect(await lease.begin(committed)).toBe(true);
}

/** What a file would be committed as. */
function commitOf(file: string): Committed {
  const bytes = readFileSync(file);
  const epoch = Number(/(\d{12})\.json$/.exec(file)![1]);
  return {
    key: keyOf(file),
    epoch,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

const recommit = (): Promise<void> => forgeCommits((all) => all.map(({ key }) => commitOf(join(path, key))));

async function listed(cluster = prod) {
  const { snapshots, damaged } = await repository.snapshots(cluster.id);
  return {
    trusted: snapshots
      .filter(({ trust, damage }) => trust.trusted && damage === null)
      .map(({ name }) => name),
    refused: snapshots
      .filter(({ trust }) => !trust.trusted)
      .map(({ name, trust }) => `${name}: ${trust.why}`),
    damaged: damaged.map(({ name, failure }) => `${name}: ${failure.why}`),
  };
}

/** Changes what a manifest says, with the signatures that it has. */
function rewrite(file: string, from: string, to: string): void {
  const { payload, signatures } = openManifest(readFileSync(file), file);
  const text = payload.toString();
  expect(text).toContain(from);
  const envelope = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(
    file,
    encodeRecord({ ...envelope, payload: Buffer.from(text.replace(from, to)).toString('base64') }),
  );
  expect(signatures).toHaveLength(1);
}

const records = (): string => join(path, 'clusters', prod.id, 'removed');

describe('a manifest', () => {
  test('of which any byte is changed is no snapshot any more', async () => {
    const file = manifestIn('c');
    const whole = readFileSync(file);
    for (let offset = 0; offset < whole.length; offset += 97) {
      const bytes = Buffer.from(whole);
      bytes[offset]! ^= 1;
      writeFileSync(file, bytes);
      expect(await listed(), `byte ${offset}`).toEqual({
        trusted: ['a', 'd'],
        refused: [],
        damaged: ['c: its bytes are not those that were committed'],
      });
    }
    expect(await faults()).toEqual(['changed c']);
  });

  test('that says something else is refused, though it is committed again', async () => {
    rewrite(manifestIn('c'), '"revision": 1,', '"revision": 2,');
    await recommit();
    expect(await listed()).toMatchObject({
      trusted: ['a', 'd'],
      refused: [expect.stringContaining('c: the signature in the name of admin does not fit')],
    });
    expect(await faults()).toEqual(['changed c']);
  });

  test('that is unsigned, or signed by a stranger, is refused', async () => {
    for (const keys of [[], [thief]]) {
      const file = manifestIn('c');
      writeFileSync(file, signManifest(openManifest(readFileSync(file), file).payload, keys));
      await recommit();
      expect(await listed()).toMatchObject({
        trusted: ['a', 'd'],
        refused: [
          expect.stringMatching(/^c: (?:it has no signature|the key \S+ is not one of the trusted ones)$/),
        ],
      });
      expect(await faults()).toEqual(['changed c']);
    }
  });

  test('that was signed as something else is refused', async () => {
    const file = manifestIn('c');
    const { payload } = openManifest(readFileSync(file), file);
    writeFileSync(file, signManifest(payload, [admin], 'removal'));
    await recommit();
    expect(await listed()).toMatchObject({
      trusted: ['a', 'd'],
      damaged: [expect.stringContaining('c: it is of type')],
    });
    expect(await faults()).toEqual(['changed c']);
  });

  test('that lies under the name of another is refused', async () => {
    const [one, two] = [manifestIn('a'), manifestIn('c')];
    const bytes = readFileSync(one);
    writeFileSync(one, readFileSync(two));
    writeFileSync(two, bytes);
    await recommit();
    expect(await listed()).toEqual({
      trusted: ['d'],
      refused: [],
      damaged: ['a: it is the manifest of "c"', 'c: it is the manifest of "a"'],
    });
    expect(await faults()).toEqual(['swapped a', 'swapped c']);
  });

  test('that was moved to another cluster, with all that belongs to it, is refused', async () => {
    renameSync(folder('c'), folder('c', other));
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    await forgeCommits((all) => [...all, commitOf(manifestIn('c', other))], other);
    expect(await listed(other)).toEqual({
      trusted: ['a'],
      refused: [],
      damaged: [`c: it belongs to cluster ${prod.id}`],
    });
    expect(await faults(other)).toEqual(['foreign c']);
    expect(await faults()).toEqual(['missing c']);
  });

  test('that stands twice is refused where it does not belong', async () => {
    cpSync(folder('a'), folder('e'), { recursive: true });
    await forgeCommits((all) => [...all, commitOf(manifestIn('e'))]);
    expect(await listed()).toMatchObject({
      trusted: ['a', 'c', 'd'],
      damaged: ['e: it is the manifest of "a"'],
    });
    expect(await faults()).toEqual(['swapped e', 'replayed a e']);
  });
});

describe('the record of commits', () => {
  test('without one of the middle leaves a hole', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    expect((await listed()).trusted).toEqual(['a', 'd']);
    expect(await faults()).toEqual(['missing c']);
  });

  test('without a manifest that is signed is told, and clears nothing away, whoever is said to have died', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    const claim = {
      apiVersion: 'holdfast.dev/v1',
      kind: 'Claim',
      at: '2026-11-20T12:00:00Z',
      ...thisProcess(),
    };
    writeFileSync(join(folder('c'), 'claim-1.json'), encodeRecord({ ...claim, started: '0' }));
    const { damaged } = await repository.snapshots(prod.id);
    expect(damaged).toMatchObject([{ name: 'c', failure: { code: 'manifest-uncommitted' } }]);
    const before = readdirSync(folder('c'));
    expect(await repository.clearRemains(prod.id, 'c')).toBe(false);
    expect(readdirSync(folder('c')).filter((file) => !file.startsWith('claim'))).toEqual(
      before.filter((file) => !file.startsWith('claim')),
    );
  });

  test('without a manifest that only lacks its commit gets it again, and the chain is whole', async () => {
    for (const name of ['c', 'd']) {
      await forgeCommits((all) => all.filter(({ key }) => !key.includes(`/${name}/`)));
      expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name })).toBe(true);
      expect(readdirSync(folder(name)).filter((file) => file.startsWith('manifest-'))).toHaveLength(1);
      expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name })).toBe(false);
    }
    expect((await listed()).trusted.toSorted()).toEqual(['a', 'c', 'd']);
    expect(await faults()).toEqual([]);
    await save(prod, 'e');
    expect(await faults()).toEqual([]);
  });

  test('is not given a manifest whose number another one has, nor one that lacks an object', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/d/')));
    await save(prod, 'e');
    expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name: 'd' })).toBe(false);
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    rmSync(join(folder('c'), 'snapshot.db.zst.age'));
    expect(await completeUncommitted(repository, clock, { clusterId: prod.id, name: 'c' })).toBe(false);
    expect((await listed()).trusted).toEqual(['a', 'e']);
  });

  test('without the newest is noticed by who has seen it, and only by them', async () => {
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/d/')));
    expect(await faults(prod, null)).toEqual([]);
    expect(await faults()).toEqual(['rolled-back']);
    expect(await faults(), 'what is wrong is not taken for the state').toEqual(['rolled-back']);
  });

  test('in another order changes nothing, and the next save shows it', async () => {
    await forgeCommits((all) => all.toReversed());
    expect((await listed()).trusted).toEqual(['a', 'c', 'd']);
    expect(await faults()).toEqual([]);
    await save(prod, 'e');
    expect((await faults()).length).toBeGreaterThan(0);
  });

  test('that is gone is told of, and what is there is still listed', async () => {
    rmSync(join(path, 'clusters', prod.id, 'lease'), { recursive: true });
    expect(await listed()).toMatchObject({
      trusted: ['a', 'c', 'd'],
      damaged: [expect.stringContaining('lease is empty')],
    });
    expect(await faults()).toEqual([]);
  });
});

describe('a removed snapshot', () => {
  let kept: string;
  beforeEach(async () => {
    kept = join(path, '..', 'kept');
    cpSync(folder('c'), kept, { recursive: true });
    await repository.deleteSnapshot(prod.id, 'c');
    cpSync(kept, folder('c'), { recursive: true });
  });

  test('that is put back is none, with a record of commits or without', async () => {
    expect((await listed()).trusted).toEqual(['a', 'd']);
    await forgeCommits((all) => [...all, commitOf(manifestIn('c'))]);
    expect((await listed()).trusted).toEqual(['a', 'd']);
    expect(await faults()).toEqual([]);
  });

  test('whose record of removal is gone as well is a snapshot again: who can write there can undo a removal', async () => {
    await forgeCommits((all) => [...all, commitOf(manifestIn('c'))]);
    const removed = join(path, 'clusters', prod.id, 'removed');
    for (const file of readdirSync(removed)) {
      if (file.includes(commitOf(manifestIn('c')).sha256)) rmSync(join(removed, file));
    }
    expect(await listed()).toEqual({ trusted: ['a', 'c', 'd'], refused: [], damaged: [] });
    expect(await faults()).toEqual([]);
  });
});

describe('the record of a removal', () => {
  test.each([
    ['unsigned', []],
    ['signed by a stranger', [thief]],
  ])('that is %s hides no snapshot', async (_, keys) => {
    const [name] = readdirSync(records());
    const { payload } = openManifest(readFileSync(join(records(), name!)), '', 'removal');
    const own = commitOf(manifestIn('c'));
    const record = {
      ...(JSON.parse(payload.toString()) as object),
      name: 'c',
      sequence: 3,
      sha256: own.sha256,
    };
    const forged = name!.replace(/-\d{12}-.*/, `-000000000003-${own.sha256}.json`);
    writeFileSync(join(records(), forged), signManifest(encodeRecord(record), keys, 'removal'));
    expect((await listed()).trusted).toEqual(['a', 'c', 'd']);
    const { findings, forged: told } = await checkStoredChain(repository, clock, prod.id, memory);
    expect(findings).toEqual([]);
    expect(told).toMatchObject([{ key: keyOf(join(records(), forged)) }]);
    await repository.deleteSnapshot(prod.id, 'c');
    expect(await checkStoredChain(repository, clock, prod.id, memory)).toMatchObject({
      findings: [],
      forged: [],
    });
    await save(prod, 'e');
    expect(await faults()).toEqual([]);
  });

  test('that is another one, or one of another cluster, explains nothing', async () => {
    const [name] = readdirSync(records());
    const own = commitOf(manifestIn('c'));
    await forgeCommits((all) => all.filter(({ key }) => !key.includes('/c/')));
    const copy = name!.replace(/-\d{12}-.*/, `-000000000003-${own.sha256}.json`);
    cpSync(join(records(), name!), join(records(), copy));
    await repository.deleteSnapshot(other.id, 'a');
    const foreign = join(path, 'clusters', other.id, 'removed');
    for (const file of readdirSync(foreign)) cpSync(join(foreign, file), join(records(), file));
    const { findings, forged } = await checkStoredChain(repository, clock, prod.id, memory);
    expect(findings.map(({ fault }) => fault)).toEqual(['missing']);
    expect(forged.map(({ why }) => why).sort()).toEqual([
      `it belongs to cluster ${other.id}`,
      'it has the name of another record',
    ]);
  });

  test('is asked for: who cannot sign cannot remove, and nothing is touched', async () => {
    const reader = await openRepository(path, { create: false, clock, keys: {} });
    await expect(reader.deleteSnapshot(prod.id, 'c')).rejects.toMatchObject({ code: 'signer-missing' });
    expect((await listed()).trusted).toEqual(['a', 'c', 'd']);
    expect(readdirSync(folder('c')).filter((file) => file.startsWith('claim-'))).toEqual([]);
  });

  test('that is gone leaves a hole', async () => {
    rmSync(records(), { recursive: true });
    expect(await faults()).toEqual(['missing b']);
  });
});

test('an object that was replaced by another one, sealed for the same keys, is found by reading it', async () => {
  const object = join(folder('c'), 'snapshot.db.zst.age');
  const size = readFileSync(object).length;
  const [entry] = (await repository.snapshots(prod.id)).snapshots.filter(({ name }) => name === 'c');
  expect((await readAgain(repository, entry!, () => {})).faults).toEqual([]);
  const planted = await sealed(Buffer.from('content of somebody else in prod'.padEnd(60)));
  writeFileSync(object, planted);
  const faults = (await readAgain(repository, entry!, () => {})).faults.map(({ why }) => why);
  expect(faults).toMatchObject([expect.stringMatching(/^snapshot\.db\.zst\.age has (?:SHA-256|\d+ bytes)/)]);
  if (planted.length !== size) expect((await listed()).trusted).toEqual(['a', 'd']);
});

const forge = (at: string, outcome: 'passed' | 'failed') =>
  writeFileSync(join(folder('c'), 'evidence', `${outcome}.json`), encodeRecord(evidenceOf('c', at, outcome)));

test('evidence counts when it is signed, and is of this very snapshot', async () => {
  const state = async () => (await repository.snapshot('c', prod.id)).state;
  const passed = async (name: string) => {
    const { manifest } = await repository.snapshot(name, prod.id);
    return { ...evidenceOf(name, '2026-11-20T10:00:00Z', 'passed'), contentSha256: manifest.content.sha256 };
  };
  await repository.addEvidence(await repository.snapshot('c', prod.id), await passed('a'));
  expect(await state(), 'of another').toBe('stored');
  forge('2026-11-20T11:00:00.000Z', 'passed');
  expect(await state(), 'unsigned').toBe('stored');
  await repository.addEvidence(await repository.snapshot('c', prod.id), await passed('c'));
  expect(await state()).toBe('verified');
  forge('2026-11-20T12:00:00.000Z', 'failed');
  expect((await repository.snapshot('c', prod.id)).evidence).toHaveLength(1);
});
