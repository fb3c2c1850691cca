import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { isFailure, systemClock, type FailureCode } from '@holdfast/base';
import { LocalStorage, openRepository, type Repository } from '@holdfast/repository';
import { generateSecretKey } from '@holdfast/repository/object';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { VerbContext } from '../../context.ts';
import { asReader, asRemote, makeSealed } from '../../save/testing/repositories.ts';
import type { ForeignPlace, ForeignSnapshot } from '../foreign.ts';
import { openForeignFolder } from '../place/index.ts';
import { importSnapshot } from './import-snapshot.ts';

const fixture = new URL('../../../../../test/fixtures/snapshots/etcd-3.6.16.db.gz', import.meta.url);
const content = gunzipSync(readFileSync(fixture));
const database = content.subarray(0, -32);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const takenAt = new Date('2026-11-20T12:00:00.000Z');
const key = await generateSecretKey();

let folder: string;
let context: VerbContext;
let place: ForeignPlace;
let repository: Repository;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-import-'));
  mkdirSync(join(folder, 'scratch'));
  mkdirSync(join(folder, 'theirs'));
  context = {
    clock: systemClock,
    signal: new AbortController().signal,
    holdfast: '0.1.0',
    scratchFolder: join(folder, 'scratch'),
  };
  place = await openForeignFolder(join(folder, 'theirs'));
  repository = await openRepository(join(folder, 'ours'), { create: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A file of theirs, and what a scan would say of it. */
function theirs(path: string, bytes: Uint8Array, more: Partial<ForeignSnapshot> = {}): ForeignSnapshot {
  const file = join(folder, 'theirs', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return {
    ...{ system: 'k3s', name: path, path, form: 'db', size: bytes.length, takenAt, takenAtFrom: 'name' },
    ...{ node: 'cp-1', cluster: null, trigger: 'recurring', companions: [], restorable: true, notes: [] },
    ...more,
  };
}

const imported = (snapshot: ForeignSnapshot, to = repository, cluster: string | undefined = 'prod') =>
  importSnapshot(context, to, { place, snapshot, cluster });

async function contentOf(from: Repository, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of from.readContent(await from.snapshot(name))) parts.push(part);
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

describe('what is brought in', () => {
  test('keeps its bytes, its name and its time; what no database tells is said to be unknown', async () => {
    const name = 'etcd-snapshot-cp-1-1763640000';
    const { snapshot, outcome } = await imported(theirs(name, content));
    expect(outcome).toBe('imported');
    expect(snapshot).toMatchObject({ name, state: 'stored', cluster: { name: 'prod' } });
    expect(snapshot.manifest).toMatchObject({
      trigger: 'import',
      policy: null,
      content: { size: content.length, sha256: sha256(content) },
      revision: 61,
      compactRevision: 30,
      versions: { etcd: '3.6' },
      member: { id: null, name: 'cp-1', endpoint: '', role: 'unknown' },
      cluster: { etcdId: null, kubernetesUid: null },
      quorum: { state: 'unknown' },
      hashKv: null,
      times: { startedAt: takenAt.toISOString(), finishedAt: takenAt.toISOString() },
      imported: { system: 'k3s', location: place.location, path: name, sha256: sha256(content) },
    });
    expect(await contentOf(repository, name)).toEqual(content);
    const [evidence] = snapshot.evidence;
    expect(evidence).toMatchObject({ outcome: 'incomplete', source: 'streamed', status: { revision: 61 } });
    const open = evidence!.checks.filter((each) => each.outcome !== 'passed');
    expect(open.map(({ check, outcome: found }) => [check, found])).toEqual([['hashkv', 'skipped']]);
  });

  test('gets the trailer that it lacks, without what lies behind the last page', async () => {
    const copied = Buffer.concat([database, Buffer.alloc(16 * 1024)]);
    const { snapshot, notes } = await imported(theirs('db', copied));
    expect(await contentOf(repository, 'db')).toEqual(content);
    expect(snapshot.manifest.imported).toMatchObject({ sha256: sha256(copied), notes });
    expect(notes.join('\n')).toMatch(
      /SHA-256 that etcd would have sent was added[^]*16384 bytes behind its last page/,
    );
    const trailer = snapshot.evidence[0]?.checks.find(({ check }) => check === 'trailer');
    expect(trailer).toMatchObject({ outcome: 'skipped' });
  });

  test('is sealed where the repository seals, with what lies beside it, and nothing plain is on a disk', async () => {
    const sealed = await makeSealed(asRemote(new LocalStorage(join(folder, 'sealed'))), key);
    writeFileSync(join(folder, 'theirs', 'pki.bundle.tar.gz'), 'all the keys');
    const companions = [{ what: 'pki', path: 'pki.bundle.tar.gz', within: false }] as const;
    const { snapshot, notes } = await imported(theirs('one', content, { system: 'rke', companions }), sealed);
    expect(snapshot.manifest.objects.map(({ encoding }) => encoding)).toEqual(['zstd+age', 'age']);
    expect(snapshot.manifest.companions).toMatchObject({
      distribution: 'rke',
      node: 'cp-1',
      files: [{ path: '/pki.bundle.tar.gz', secret: true, sha256: null }],
    });
    expect(notes.join()).not.toContain('not kept');
    expect(await contentOf(await asReader(sealed, key), 'one')).toEqual(content);
    expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
    for (const file of readdirSync(join(folder, 'sealed'), { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const bytes = readFileSync(join(file.parentPath, file.name));
      expect(bytes.includes('all the keys') || bytes.includes('key-of-')).toBe(false);
    }
    const { notes: open } = await imported(theirs('two', content, { system: 'rke', companions }));
    expect(open.join()).toContain('was not kept');
  });

  test('has another name where its own cannot be one, and a number where another has it', async () => {
    expect((await imported(theirs('my snapshot', content))).snapshot.name).toBe('my-snapshot');
    const other = gunzipSync(readFileSync(new URL(fixture.href.replace('3.6.16', '3.5.35'))));
    const { snapshot } = await imported({ ...theirs('other.db', other), name: 'my-snapshot' });
    expect(snapshot).toMatchObject({ name: 'my-snapshot.2', manifest: { versions: { etcd: '3.5' } } });
  });

  test('is never called as a selector is', async () => {
    const { snapshot } = await imported(theirs('latest', content));
    expect(snapshot.name).toBe('k3s-cp-1-1795176000');
  });

  test('by two at once is brought in once where one of them ends first', async () => {
    writeFileSync(join(folder, 'theirs', 'pki'), 'keys');
    const one = theirs('one', content);
    const slow: ForeignPlace = {
      ...place,
      // The companions are read when it has been looked for the same content.
      async *read(path, range) {
        if (path === 'pki') expect(await imported(one)).toMatchObject({ outcome: 'imported' });
        yield* place.read(path, range);
      },
    };
    const companions = [{ what: 'pki', path: 'pki', within: false }] as const;
    const options = { place: slow, snapshot: { ...one, companions }, cluster: 'prod' };
    expect(await importSnapshot(context, repository, options)).toMatchObject({
      outcome: 'there',
      snapshot: { name: 'one' },
    });
    const { snapshots, unfinished } = await repository.snapshots();
    expect([snapshots.length, unfinished]).toEqual([1, []]);
  });

  test('again, where the one that is there is about to be removed, is brought in', async () => {
    const { snapshot } = await imported(theirs('one', content));
    await repository.markUnwanted(snapshot, { policy: 'a', why: 'a test' });
    expect(await imported(theirs('one', content))).toMatchObject({
      outcome: 'imported',
      snapshot: { name: 'one.2' },
    });
  });

  test('twice is there already, whatever form it has the second time', async () => {
    await imported(theirs('one', content));
    const before = readdirSync(join(folder, 'ours'), { recursive: true });
    expect(await imported(theirs('one', content))).toMatchObject({ outcome: 'there' });
    const packed = theirs('one.gz', readFileSync(fixture), { form: 'gzip' });
    expect(await imported(packed)).toMatchObject({ outcome: 'there', snapshot: { name: 'one' } });
    expect(readdirSync(join(folder, 'ours'), { recursive: true })).toEqual(before);
  });
});

async function nothingLeft(): Promise<void> {
  const { snapshots, unfinished } = await repository.snapshots();
  expect([snapshots, unfinished]).toEqual([[], []]);
  expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
}

describe('what lies behind the last page', () => {
  test('is left out behind a SHA-256 that is right, and counts as the trailer that it is', async () => {
    const { snapshot, notes } = await imported(theirs('one', Buffer.concat([content, Buffer.from('\n')])));
    expect(await contentOf(repository, 'one')).toEqual(content);
    expect(notes.join()).toMatch(/1 bytes behind its SHA-256 were left out/);
    const trailer = snapshot.evidence[0]?.checks.find(({ check }) => check === 'trailer');
    expect(trailer).toMatchObject({ outcome: 'passed' });
  });

  test('is completed where the SHA-256 was cut off', async () => {
    const { notes } = await imported(theirs('one', content.subarray(0, -20)));
    expect(await contentOf(repository, 'one')).toEqual(content);
    expect(notes.join()).toMatch(/nothing but the first 12 bytes are there, and they are right/);
  });

  test('is damage where it is no SHA-256 of what precedes it, and no whole pages', async () => {
    const changed = Buffer.from(content);
    // Where no record is, so that nothing but the hash tells.
    changed[20_000]! ^= 1;
    for (const end of [Buffer.from('\n'), Buffer.alloc(100)])
      expect(await codeOf(imported(theirs('changed', Buffer.concat([changed, end]))))).toBe(
        'foreign-damaged',
      );
    expect(await codeOf(imported(theirs('half', changed.subarray(0, -20))))).toBe('foreign-damaged');
    await nothingLeft();
  });
});

describe('refused, with nothing left', () => {
  test('what is damaged: a changed byte, a cut end, a database of which a page is missing', async () => {
    const changed = Buffer.from(content);
    changed[20_000]! ^= 1;
    expect(await codeOf(imported(theirs('changed', changed)))).toBe('foreign-damaged');
    expect(await codeOf(imported(theirs('cut', content.subarray(0, 40_000))))).toBe('foreign-damaged');
    expect(await codeOf(imported(theirs('empty', Buffer.alloc(0))))).toBe('foreign-damaged');
    await nothingLeft();
  });

  test('what no etcd of today can start from, with the reason of its layout', async () => {
    const old = theirs('old', content, { restorable: false, notes: ['It is of etcd version 2.'] });
    await expect(imported(old)).rejects.toMatchObject({
      code: 'foreign-unusable',
      why: 'It is of etcd version 2.',
    });
    await nothingLeft();
  });

  test('a snapshot of which nobody says whose it is', async () => {
    const hint = theirs('one', content, { cluster: 'c-abcde' });
    const unsaid = importSnapshot(context, repository, { place, snapshot: hint });
    await expect(unsaid).rejects.toMatchObject({
      code: 'cluster-unsaid',
      why: expect.stringMatching('k3s calls it c-abcde'),
    });
    await nothingLeft();
  });
});
