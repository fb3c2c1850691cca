import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, systemClock } from '@holdfast/base';
import { LocalStorage, openRepository, type Repository } from '@holdfast/repository';
import { FaultyStorage, storeSnapshot } from '@holdfast/repository/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { verifySnapshot } from './verify.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };
const content = Buffer.from('#!/bin/sh\necho no snapshot\n'.repeat(1000));

let folder: string;
let storage: FaultyStorage;
let repository: Repository;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
  storage = new FaultyStorage(new LocalStorage(folder));
  repository = await openRepository(storage, { create: true });
  await storeSnapshot(repository, await repository.addCluster('prod'), 'one', content);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('another file altogether fails with every check told, is recorded and not written', async () => {
  const { evidence, notRecorded } = await verifySnapshot(context, repository, { name: 'one' });
  expect(notRecorded).toBeNull();
  expect(evidence).toMatchObject({ outcome: 'failed', snapshot: 'one', holdfast: '0.1.0', status: null });
  expect(evidence.checks.map(({ check }) => check)).toEqual([
    'size',
    'sha256',
    'trailer',
    'tree',
    'records',
    'revisions',
    'hashkv',
  ]);
  const entry = await repository.snapshot('one');
  expect(entry).toMatchObject({ state: 'damaged', evidence: [evidence] });
  expect(readFileSync(entry.path).equals(content)).toBe(true);
});

test.each([0, 1, 32, 544, 4096])('a file of %i bytes fails', async (size) => {
  truncateSync((await repository.snapshot('one')).path, size);
  const { evidence } = await verifySnapshot(context, repository, { name: 'one' });
  expect(evidence.outcome).toBe('failed');
  expect(evidence.checks[0]).toMatchObject({ check: 'size', outcome: 'failed' });
});

test('a file that is gone is damage, with the way out in the failure', async () => {
  rmSync((await repository.snapshot('one')).path);
  await expect(verifySnapshot(context, repository, { name: 'one' })).rejects.toMatchObject({
    code: 'snapshot-damaged',
    why: 'snapshot.db is missing',
  });
});

test.each(['file-unwritable', 'disk-full'] as const)(
  'a repository that is %s is verified all the same',
  async (code) => {
    const fault = new Failure(code, 'EROFS', { path: 'evidence' });
    storage.failNext('put', fault);
    const { evidence, notRecorded } = await verifySnapshot(context, repository, { name: 'one' });
    expect(evidence.outcome).toBe('failed');
    expect(notRecorded).toBe(fault);
    expect((await repository.snapshot('one')).evidence).toEqual([]);
  },
);

test('an interrupted verification records nothing', async () => {
  const reason = new Failure('interrupted', 'Ctrl-C');
  const aborted = { ...context, signal: AbortSignal.abort(reason) };
  await expect(verifySnapshot(aborted, repository, { name: 'one' })).rejects.toBe(reason);
  expect((await repository.snapshot('one')).evidence).toEqual([]);
});
