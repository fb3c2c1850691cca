import { readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatHex64 } from '@holdfast/base';
import { type EtcdMinor, etcdMinors, etcdOrSkip, startCluster } from '@holdfast/test-servers';
import { describe, expect, test } from 'vitest';
import { changesSince } from '../snapshot/index.ts';
import { readWalSummary } from '../wal/index.ts';
import { surveyMemberDir } from './index.ts';

/** Entries that may be committed before the log knows of it: etcd notes it with the next ones. */
const notNotedYet = 10;

describe.each(etcdMinors)('a member of etcd %s', async (version: EtcdMinor) => {
  const { skip } = await etcdOrSkip(version);

  test.skipIf(skip)('tells where it stands while it runs, and after it was killed', async () => {
    const members = version === '3.6' ? 3 : 1;
    await using cluster = await startCluster({ version, members, extraArgs: ['--snapshot-count=60'] });
    const gateway = cluster.gateway();
    const memberDir = join(cluster.members[0]!.dataDir, 'member');
    for (let i = 0; i < 20; i++) await gateway.put(`old/${i}`, 'x');
    const { revision: base } = await gateway.put('kept', 'x');
    for (let i = 0; i < 200; i++) {
      await gateway.put(`new/${i % 50}`, 'x'.repeat(i));
      if (i % 20 === 0) expect(await surveyMemberDir({ memberDir })).toMatchObject({ data: 'readable' });
    }
    await gateway.deleteRange('old/1');
    await gateway.put('old/2', 'y');
    await gateway.put('passing', '');
    await gateway.deleteRange('passing');
    const last = await gateway.put('old/2', 'z');
    // The database is written some 100 ms later.
    await expect.poll(async () => (await surveyMemberDir({ memberDir })).revision).toBe(last.revision);
    const status = await gateway.status();
    const raftIndex = Number(status.raftIndex);
    const ids = { clusterId: formatHex64(status.clusterId), memberId: formatHex64(status.memberId) };
    await cluster.kill(0);

    const seen = await surveyMemberDir({ memberDir });
    expect(seen).toMatchObject({ data: 'readable', dataFault: '', revision: last.revision, ...ids });
    expect(seen).toMatchObject({ term: Number(status.raftTerm), size: status.dbSize });
    const log = (await readWalSummary(join(memberDir, 'wal')))!;
    expect(log).toMatchObject({ fault: null, torn: null, firstIndex: 1 });
    expect(log.lastIndex).toBeGreaterThanOrEqual(raftIndex);
    expect(log.lastIndex).toBeLessThan(raftIndex + notNotedYet);
    expect(log.commit).toBeLessThanOrEqual(log.lastIndex);
    expect(seen.committedIndex).toBeGreaterThan(raftIndex - notNotedYet);
    expect(seen.lastIndex).toBe(log.lastIndex);
    expect(seen.listed).toHaveLength(members);
    expect(seen.listed).toContainEqual({
      id: ids.memberId,
      name: cluster.plan.members[0]!.name,
      peerUrls: [cluster.plan.members[0]!.peerUrl],
      isLearner: false,
    });
    expect(seen.appliedIndex).toBeLessThanOrEqual(seen.committedIndex!);
    expect(seen.appliedIndex).toBeGreaterThan(raftIndex - notNotedYet);
    expect(log.snapshots.length).toBeGreaterThan(2);

    const changes = await changesSince(join(memberDir, 'snap/db'), base, { examples: 3 });
    expect(changes).toMatchObject({ created: 50, changed: 1, deleted: 1, complete: true, why: '' });
    expect(changes.examples).toEqual([
      { key: 'old/1', change: 'deleted' },
      { key: 'old/2', change: 'changed' },
      { key: 'new/0', change: 'created' },
    ]);
  });
});

const { skip } = await etcdOrSkip('3.6');

test.skipIf(skip)('a log of several files', async () => {
  await using cluster = await startCluster({ version: '3.6' });
  const gateway = cluster.gateway();
  const value = 'x'.repeat(1_400_000);
  for (let i = 0; i < 50; i++) await gateway.put(`large/${i % 3}`, value);
  const { raftIndex, revision } = await gateway.status();
  await cluster.kill(0);
  const memberDir = join(cluster.members[0]!.dataDir, 'member');
  const walDir = join(memberDir, 'wal');
  expect((await readdir(walDir)).filter((name) => name.endsWith('.wal'))).toHaveLength(2);
  const log = (await readWalSummary(walDir))!;
  expect(log).toMatchObject({ fault: null, torn: null, firstIndex: 1 });
  expect(log.lastIndex).toBeGreaterThanOrEqual(Number(raftIndex));
  // Each put is an entry of its own.
  expect(log.commit).toBeGreaterThanOrEqual(revision);
  expect(await surveyMemberDir({ memberDir })).toMatchObject({ data: 'readable' });
});

/** Where the records of a file end. */
function endOfRecords(bytes: Buffer): number {
  let at = 0;
  while (at + 8 <= bytes.length && bytes.readBigUInt64LE(at) !== 0n)
    at += 8 + bytes.readUIntLE(at, 6) + (bytes[at + 7]! & 7);
  return at;
}

test.skipIf(skip)(
  'etcd goes on from a log that counts as torn, and from none that counts as damaged',
  async () => {
    await using cluster = await startCluster({ version: '3.6' });
    for (let i = 0; i < 20; i++) await cluster.gateway().put(`key/${i}`, 'x');
    await cluster.kill(0);
    const walDir = join(cluster.members[0]!.dataDir, 'member/wal');
    const path = join(
      walDir,
      (await readdir(walDir)).find((name) => name.endsWith('.wal'))!,
    );
    const whole = readFileSync(path);
    const before = (await readWalSummary(walDir))!;

    const end = endOfRecords(whole);
    const torn = Buffer.from(whole);
    torn.writeUIntLE(1600, end, 6);
    torn.fill(0x5a, end + 8, Math.ceil((end + 8) / 512) * 512);
    writeFileSync(path, torn);
    const { torn: place, ...same } = (await readWalSummary(walDir))!;
    expect({ place, ...same }).toEqual({
      ...before,
      torn: undefined,
      place: expect.stringContaining(`at byte ${end}`),
    });
    await cluster.start(0);
    await cluster.waitHealthy();
    await cluster.kill(0);
    expect(await readWalSummary(walDir)).toMatchObject({ torn: null, fault: null });

    const damaged = readFileSync(path);
    damaged[end - 20]! ^= 0xff;
    writeFileSync(path, damaged);
    expect((await readWalSummary(walDir))!.fault).toMatch(/at byte \d+: /);
    await expect(cluster.start(0).then(async () => cluster.waitHealthy())).rejects.toThrow(/crc mismatch/);
  },
);
