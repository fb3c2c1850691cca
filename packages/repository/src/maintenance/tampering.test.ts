import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openManifest, signManifest } from '../manifest/index.ts';
import { encodeRecord } from '../record.ts';
import { openRepository } from '../repository.ts';
import { evidenceOf } from '../testing/snapshot.ts';
import { checkStoredChain } from './chain.ts';
import { readAgain } from './read-again.ts';
import {
  begin,
  end,
  admin,
  thief,
  clock,
  path,
  memory,
  repository,
  prod,
  other,
  save,
  sealed,
  folder,
  manifestIn,
  keyOf,
  faults,
  forgeCommits,
  commitOf,
  recommit,
  listed,
  rewrite,
  records,
} from './testing/tampered.ts';

beforeEach(begin);
afterAll(end);

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

const state = async () => (await repository.snapshot('c', prod.id)).state;

const passed = async (name: string) => {
  const { manifest } = await repository.snapshot(name, prod.id);
  return { ...evidenceOf(name, '2026-11-20T10:00:00Z', 'passed'), contentSha256: manifest.content.sha256 };
};

test('evidence counts when it is signed, and is of this very snapshot', async () => {
  await repository.addEvidence(await repository.snapshot('c', prod.id), await passed('a'));
  expect(await state(), 'of another').toBe('stored');
  forge('2026-11-20T11:00:00.000Z', 'passed');
  expect(await state(), 'unsigned').toBe('stored');
  await repository.addEvidence(await repository.snapshot('c', prod.id), await passed('c'));
  expect(await state()).toBe('verified');
  forge('2026-11-20T12:00:00.000Z', 'failed');
  expect((await repository.snapshot('c', prod.id)).evidence).toHaveLength(1);
});
