import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure, systemClock, type FailureCode } from '@holdfast/base';
import { LocalStorage, openRepository, type Repository } from '@holdfast/repository';
import { generateSecretKey } from '@holdfast/repository/object';
import { evidenceOf, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { asReader, asRemote, makeSealed } from '../save/testing/repositories.ts';
import { copySnapshot } from './copy-snapshot.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };
const content = Buffer.concat([Buffer.alloc(100_000, 'holdfast'), randomBytes(3_000_000)]);
const sha256 = createHash('sha256').update(content).digest('hex');
const [alice, bob] = [await generateSecretKey(), await generateSecretKey()];

let folder: string;
let plain: Repository;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-copy-'));
  plain = await openRepository(join(folder, 'plain'), { create: true });
  const cluster = await plain.addCluster('prod');
  await storeSnapshot(plain, cluster, 'one', content);
  await plain.addEvidence({ name: 'one', cluster }, evidenceOf('one', '2026-11-20T12:00:00.000Z', 'passed'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const storage = (name: string): LocalStorage => new LocalStorage(join(folder, name));

async function copied(from: Repository, to: Repository, name = 'one') {
  return await copySnapshot(context, from, to, await from.snapshot(name));
}

async function contentOf(repository: Repository): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of repository.readContent(await repository.snapshot('one'))) parts.push(part);
  return Buffer.concat(parts);
}

async function codeOf(work: Promise<unknown>): Promise<FailureCode | 'none'> {
  try {
    await work;
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return 'none';
}

describe('a copy', () => {
  test('of a plain snapshot is the same file; its origin is named, its evidence is not taken over', async () => {
    const to = await openRepository(join(folder, 'other'), { create: true });
    const source = await plain.snapshot('one');
    const { snapshot, outcome, asStored, notes } = await copied(plain, to);
    expect([outcome, asStored, notes]).toEqual(['copied', true, []]);
    expect(snapshot).toMatchObject({ name: 'one', state: 'stored', evidence: [], cluster: { name: 'prod' } });
    expect(snapshot.manifest).toMatchObject({
      content: source.manifest.content,
      origin: {
        repository: plain.record.id,
        cluster: source.cluster.id,
        name: 'one',
        manifestSha256: source.manifestSha256,
      },
      lineage: { sequence: 1, previous: null },
    });
    expect(await contentOf(to)).toEqual(content);
  });

  test('into a bucket is compressed, into a sealed repository sealed; who writes it cannot open it', async () => {
    const bucket = await openRepository(asRemote(storage('bucket')), { create: true });
    expect((await copied(plain, bucket)).snapshot.manifest.objects).toMatchObject([{ encoding: 'zstd' }]);
    expect(await contentOf(bucket)).toEqual(content);
    const sealed = await makeSealed(storage('sealed'), alice);
    const { snapshot, asStored } = await copied(bucket, sealed);
    expect([asStored, snapshot.trust.trusted]).toEqual([false, true]);
    expect(snapshot.manifest).toMatchObject({
      content: { sha256 },
      objects: [{ encoding: 'zstd+age', path: 'snapshot.db.zst.age' }],
      recipients: [alice.publicKey.text],
    });
    expect(await codeOf(contentOf(sealed))).toBe('key-missing');
    expect(await contentOf(await asReader(sealed, alice))).toEqual(content);
  });

  test('between repositories sealed for the same keys needs no key; for other keys it does', async () => {
    const sealed = await makeSealed(storage('sealed'), alice);
    await copied(plain, sealed);
    const same = await makeSealed(asRemote(storage('same')), alice);
    const other = await makeSealed(storage('other'), bob);
    const { snapshot, asStored } = await copied(sealed, same);
    expect(asStored).toBe(true);
    expect(snapshot.manifest.objects).toEqual((await sealed.snapshot('one')).manifest.objects);
    expect(await contentOf(await asReader(same, alice))).toEqual(content);
    expect(await codeOf(copied(sealed, other))).toBe('key-missing');
    expect((await other.snapshots()).unfinished).toEqual([]);
    expect((await copied(await asReader(sealed, alice), other)).asStored).toBe(false);
    expect(await contentOf(await asReader(other, bob))).toEqual(content);
  });

  test('that is there already is a success that writes nothing; another snapshot of the name is left alone', async () => {
    const to = await openRepository(join(folder, 'other'), { create: true });
    await copied(plain, to);
    const before = readdirSync(join(folder, 'other'), { recursive: true });
    expect(await copied(plain, to)).toMatchObject({ outcome: 'there', snapshot: { name: 'one' } });
    expect(readdirSync(join(folder, 'other'), { recursive: true })).toEqual(before);
    const third = await openRepository(join(folder, 'third'), { create: true });
    await storeSnapshot(third, await third.addCluster('prod'), 'one', Buffer.from('something else'));
    expect(await codeOf(copied(plain, third))).toBe('snapshot-name-taken');
  });
});

describe('refused, with nothing left', () => {
  test('a source that is damaged, known to be or not', async () => {
    const to = await openRepository(join(folder, 'other'), { create: true });
    const sealed = await makeSealed(storage('sealed'), alice);
    const { path, cluster } = await plain.snapshot('one');
    const changed = Buffer.from(content);
    changed[2_000_000]! ^= 1;
    writeFileSync(path, changed);
    expect(await codeOf(copied(plain, to))).toBe('snapshot-damaged');
    expect(await codeOf(copied(plain, sealed))).toBe('snapshot-damaged');
    writeFileSync(path, changed.subarray(1));
    expect(await codeOf(copied(plain, to))).toBe('snapshot-damaged');
    writeFileSync(path, content);
    await plain.addEvidence(
      { name: 'one', cluster },
      evidenceOf('one', '2026-11-21T12:00:00.000Z', 'failed'),
    );
    expect(await codeOf(copied(plain, to))).toBe('snapshot-damaged');
    for (const each of [to, sealed]) {
      const { snapshots, unfinished } = await each.snapshots();
      expect([snapshots, unfinished]).toEqual([[], []]);
    }
  });

  test('a source whose manifest is not trusted', async () => {
    const to = await openRepository(join(folder, 'other'), { create: true });
    const wary = await openRepository(join(folder, 'plain'), { create: false, keys: { require: 'signed' } });
    expect(await codeOf(copied(wary, to))).toBe('manifest-untrusted');
  });

  test('a storage that gives back something else', async () => {
    const rotten = asRemote(storage('rotten'));
    const read = rotten.read.bind(rotten);
    const to = await openRepository(
      new Proxy(rotten, {
        get: (target, name) =>
          name === 'read' ? (key: string) => torn(read(key)) : Reflect.get(target, name),
      }),
      { create: true },
    );
    expect(await codeOf(copied(plain, to))).toBe('copy-read-back');
    expect((await to.snapshots()).snapshots).toEqual([]);
  });
});

async function* torn(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.subarray(1);
}
