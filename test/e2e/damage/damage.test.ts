import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure, systemClock } from '@holdfast/base';
import { restoreDatadir, verifySnapshot, type VerbContext } from '@holdfast/engine';
import { verifySnapshotFile } from '@holdfast/etcd/snapshot';
import { openRepository, type Repository } from '@holdfast/repository';
import { startCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, holdfast } from '../product.ts';

/** Whatever becomes of a stored snapshot: damage is found, named with its place, and nothing is written or left behind. */

const context: VerbContext = { clock: systemClock, signal: new AbortController().signal, holdfast: 'test' };
let folder: string;
let repo: string;
let file: string;
let whole: Buffer;
let repository: Repository;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-damage-'));
  repo = join(folder, 'repo');
  await using cluster = await startCluster({ version: '3.5' });
  const gateway = cluster.gateway();
  const { id } = await gateway.leaseGrant(3_600);
  for (let i = 0; i < 120; i++)
    await gateway.put(`/registry/pods/p${i % 40}`, `${i}`.repeat(900), i % 3 === 0 ? id : undefined);
  await gateway.put('/registry/secrets/large', Buffer.alloc(30_000, 7));
  await gateway.deleteRange('/registry/pods/p1', '/registry/pods/p2');
  await gateway.compact(60);
  await answer('snapshot', 'save', '--endpoints', cluster.endpoints[0]!, '--repo', repo, '--name', 's');
  repository = await openRepository(repo, { create: false, clock: systemClock });
  file = (await repository.snapshot('s')).path;
  whole = readFileSync(file);
  chmodSync(file, 0o600);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Bits flipped at every 4 KiB (each time another bit), truncations at every page and to every 32 mod 512, and strangers. */
function* damages(): Generator<[string, Buffer]> {
  for (let at = 0; at < whole.length; at += 4096) {
    const flipped = Buffer.from(whole);
    const place = at + (((at / 4096) * 37) % Math.min(4096, whole.length - at));
    flipped[place] = flipped[place]! ^ (1 << ((at / 4096) % 8));
    yield [`bit flipped in byte ${place}`, flipped];
  }
  for (let size = 0; size < whole.length; size += 4096) yield [`cut to ${size}`, whole.subarray(0, size)];
  for (let size = 32; size < whole.length; size += 512)
    yield [`cut to ${size} = 32 mod 512`, whole.subarray(0, size)];
  yield ['without its trailer', whole.subarray(0, -32)];
  yield [
    'with the trailer of another',
    Buffer.concat([whole.subarray(0, -32), createHash('sha256').update('x').digest()]),
  ];
  yield ['one byte more', Buffer.concat([whole, Buffer.alloc(1)])];
  yield ['another file altogether', Buffer.from('#!/bin/sh\necho not a snapshot\n'.repeat(100))];
  yield ['zeroes of the right size', Buffer.alloc(whole.length)];
}

describe('a damaged snapshot', () => {
  test('is never verified: every check that fails says why and where, and the file is not written', async () => {
    const { content, hashKv } = (await repository.snapshot('s')).manifest;
    let count = 0;
    for (const [what, bytes] of damages()) {
      writeFileSync(file, bytes);
      const { checks } = await verifySnapshotFile(file, { expected: content, hashKv });
      const failed = checks.filter((check) => check.outcome === 'failed');
      expect({ what, damaged: failed.length > 0 }).toEqual({ what, damaged: true });
      expect(failed.map((check) => check.detail).join(), what).toMatch(/\d/);
      expect(readFileSync(file).equals(bytes), what).toBe(true);
      count += 1;
    }
    expect(count).toBeGreaterThan(300);
  }, 600_000);

  test('is never restored, and nothing is left that an etcd would start from', async () => {
    const source = join(folder, 'damaged.db');
    const target = join(folder, 'target');
    for (const [what, bytes] of damages()) {
      writeFileSync(source, bytes);
      const failure: unknown = await restoreDatadir(context, {
        source: { file: source },
        dataDir: join(target, 'm1.etcd'),
        name: 'm1',
        initialCluster: 'm1=http://127.0.0.1:2380',
        peerUrls: ['http://127.0.0.1:2380'],
      }).catch((error: unknown) => error);
      expect(isFailure(failure) && failure.exitCode, `${what}: ${String(failure)}`).toBe(4);
      expect(readFileSync(source).equals(bytes), what).toBe(true);
      expect(readdirSync(folder).includes('target') ? readdirSync(target) : [], what).toEqual([]);
    }
  }, 600_000);

  test.each([
    ['a flipped bit', () => Buffer.from(whole).fill(whole[20_000]! ^ 1, 20_000, 20_001)],
    ['a cut file', () => whole.subarray(0, 8192)],
    ['an empty file', () => Buffer.alloc(0)],
    ['no trailer', () => whole.subarray(0, -32)],
  ])('ends every command that reads it with status 4: %s', async (_, damaged) => {
    writeFileSync(file, damaged());
    const out = join(folder, 'exported.db');
    const dataDir = join(folder, 'cli.etcd');
    const member = [
      '--name',
      'm1',
      '--initial-cluster',
      'm1=http://127.0.0.1:2380',
      '--initial-advertise-peer-urls',
      'http://127.0.0.1:2380',
    ];
    for (const args of [
      ['snapshot', 'verify', 's', '--repo', repo],
      ['snapshot', 'export', 's', '--repo', repo, '--to', out],
      ['restore', 'datadir', '--snapshot', 's', '--repo', repo, '--data-dir', dataDir, ...member],
      ['restore', 'datadir', '--file', file, '--data-dir', dataDir, ...member],
      ['snapshot', 'restore', file, '--data-dir', dataDir, ...member],
    ]) {
      const { status, stderr } = await holdfast(args);
      expect({ args, status, stderr }).toEqual({ args, status: 4, stderr });
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    expect(readdirSync(folder).filter((each) => /exported|cli\.etcd/.test(each))).toEqual([]);
    const listed = await holdfast(['snapshot', 'list', '--repo', repo, '-o', 'json']);
    expect(listed.stdout).toContain('"damaged"');
  });

  test('is found again when it is mended: the newest evidence decides', async () => {
    cpSync(file, join(folder, 'keep'));
    writeFileSync(file, whole);
    const { evidence } = await verifySnapshot(context, repository, { name: 's' });
    expect(evidence.outcome).toBe('passed');
    expect((await repository.snapshot('s')).state).toBe('verified');
  });
});
