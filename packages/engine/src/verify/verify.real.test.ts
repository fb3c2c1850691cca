import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@holdfast/base';
import { openFileSource } from '@holdfast/etcd/bolt';
import { readPosition } from '@holdfast/etcd/snapshot';
import type { HashKv } from '@holdfast/model';
import { openRepository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { etcdMinors, etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { describe, expect, test } from 'vitest';
import type { VerbContext } from '../context.ts';
import { verifySnapshot } from './verify.ts';

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.1.0' };

describe.each(etcdMinors)('a snapshot of etcd %s', async (minor) => {
  const etcd = await etcdOrSkip(minor);

  test.skipIf(etcd.skip)('is verified when its manifest is true, and not when it lies', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-verify-'));
    try {
      const file = join(folder, 'saved.db');
      const live = await saved(minor, file);
      const content = readFileSync(file);
      const repository = await openRepository(join(folder, 'repository'), { create: true });
      const cluster = await repository.addCluster('prod');
      const source = openFileSource(file);
      const { revision, compactRevision, pageSize } = await readPosition(source);
      source.close();
      const truth = { revision, compactRevision, hashKv: live };
      expect(pageSize).toBe(4096);
      for (const [name, changes, outcome] of [
        ['true', {}, 'passed'],
        ['no-hash', { hashKv: null, hashKvMissing: 'not asked' }, 'incomplete'],
        ['other-hash', { hashKv: { ...live, hash: (live.hash + 1) % 2 ** 32 } }, 'failed'],
        ['other-revision', { revision: revision - 1 }, 'failed'],
        ['other-compaction', { compactRevision: -1 }, 'failed'],
      ] as const) {
        await storeSnapshot(repository, cluster, name, content, { ...truth, ...changes });
        const { evidence } = await verifySnapshot(context, repository, { name });
        expect({ name, outcome: evidence.outcome, checks: evidence.checks }).toMatchObject({ name, outcome });
        const state = { passed: 'verified', incomplete: 'stored', failed: 'damaged' }[outcome];
        expect((await repository.snapshot(name)).state).toBe(state);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Saves a small history with etcd's own tool, and returns the member's HashKV at its end. */
async function saved(version: (typeof etcdMinors)[number], file: string): Promise<HashKv> {
  await using cluster = await startCluster({ version });
  const gateway = cluster.gateway();
  for (let i = 0; i < 60; i += 1) await gateway.put(`/registry/pods/${i % 20}`, `${i}`.repeat(50));
  await gateway.deleteRange('/registry/pods/3');
  await gateway.compact(40);
  const { revision } = await gateway.put('/registry/pods/5', 'again');
  await cluster.snapshotSave(file);
  return { revision, ...(await gateway.hashKv(revision)) };
}

test.skipIf(process.getuid?.() !== 0)(
  'a repository on a read-only disk is verified, and says what it kept not',
  async () => {
    const disk = mkdtempSync(join(tmpdir(), 'holdfast-read-only-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    try {
      const repository = await openRepository(disk, { create: true });
      await storeSnapshot(repository, await repository.addCluster('prod'), 'one', Buffer.alloc(4128));
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      const reopened = await openRepository(disk, { create: true });
      const { evidence, notRecorded } = await verifySnapshot(context, reopened, { name: 'one' });
      expect(evidence.outcome).toBe('failed');
      expect(notRecorded).toMatchObject({ code: 'file-unwritable', why: expect.stringContaining('EROFS') });
      expect((await reopened.snapshot('one')).evidence).toEqual([]);
    } finally {
      execFileSync('umount', [disk]);
      rmSync(disk, { recursive: true, force: true });
    }
  },
);
