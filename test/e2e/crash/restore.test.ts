import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ClusterPlan,
  type EtcdCluster,
  planCluster,
  startCluster,
  startPlanned,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdfast } from '../product.ts';
import { changesOf, deathsOf, struck } from './changes.ts';

let folder: string;
let snapshot: string;
let keys: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-crash-'));
  await using cluster: EtcdCluster = await startCluster({ version: '3.6' });
  for (let i = 0; i < 100; i++) await cluster.gateway().put(`/registry/pods/p${i}`, 'x'.repeat(3_000));
  keys = 100;
  snapshot = join(folder, 'snapshot.db');
  await cluster.snapshotSave(snapshot);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function plan(root: string, separateWal: boolean): Promise<ClusterPlan> {
  return await planCluster({
    version: '3.6',
    dir: join(folder, 'logs'),
    dataDirs: [join(root, 'm1.etcd')],
    ...(separateWal && { walDirs: [join(root, 'm1.wal')] }),
  });
}

function restore({ members, initialCluster, token }: ClusterPlan): string[] {
  const { dataDir, walDir, name, peerUrl } = members[0]!;
  return [
    ...['restore', 'datadir', '--file', snapshot, '--data-dir', dataDir, '--name', name],
    ...[
      '--initial-cluster',
      initialCluster,
      '--initial-advertise-peer-urls',
      peerUrl,
      '--initial-cluster-token',
      token,
    ],
    ...(walDir === undefined ? [] : ['--wal-dir', walDir]),
  ];
}

/** Whether an etcd comes up on what is there, and if so, that all is there. An etcd that refuses is fine. */
async function expectWholeOrRefused(at: ClusterPlan, what: string): Promise<'nothing' | 'refused' | 'whole'> {
  const { dataDir, walDir } = at.members[0]!;
  if (![dataDir, walDir].some((dir) => dir !== undefined && existsSync(dir) && readdirSync(dir).length > 0))
    return 'nothing';
  let cluster: EtcdCluster;
  try {
    cluster = await startPlanned(at, { restored: true });
  } catch {
    return 'refused';
  }
  await using _ = cluster;
  const { keyValues, revision } = await cluster.gateway().rangeAll();
  expect({ what, keys: keyValues.length, bumped: revision > 1_000_000_000 }).toEqual({
    what,
    keys,
    bumped: true,
  });
  return 'whole';
}

test.each([
  ['with its WAL inside', false],
  ['with --wal-dir', true],
])(
  'killed before any change, and in the middle of any write, a restore %s leaves nothing that half starts',
  async (_, separateWal) => {
    const root = join(folder, 'restore');
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
    const target = await plan(root, separateWal);
    const deaths = deathsOf(await changesOf(root, restore(target)));
    expect(deaths.length).toBeGreaterThan(12);
    const seen = new Set<string>();
    for (const { at, how, what } of deaths) {
      rmSync(root, { recursive: true });
      mkdirSync(root);
      const { status } = await struck(root, restore(target), at, how);
      expect({ what, status }).toEqual({ what, status: 137 });
      const found = await expectWholeOrRefused(target, `${how} at ${what}`);
      seen.add(found);
      if (found === 'whole') continue;
      for (const dir of [target.members[0]!.dataDir, target.members[0]!.walDir]) {
        if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
      }
      const again = await holdfast(restore(target));
      expect(`${what}: ${again.stderr} ${again.status}`).toMatch(/ 0$/);
    }
    expect(seen).toContain('nothing');
  },
  1_200_000,
);

test.skipIf(process.getuid?.() !== 0)(
  'a disk that fills up at any change fails the restore with a clear error and leaves nothing',
  async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', disk]);
    try {
      const target = await plan(disk, false);
      const changes = await changesOf(disk, restore(target));
      for (const { at, call, path } of changes) {
        for (const each of readdirSync(disk)) rmSync(join(disk, each), { recursive: true });
        const { status, stderr } = await struck(disk, restore(target), at, 'fill');
        const what = `${call} ${path}`;
        if (status === 0) continue;
        expect(`${what}: ${stderr}`).toMatch(/no space left|not enough free space/);
        expect({ what, left: readdirSync(disk) }).toEqual({ what, left: ['hog'] });
      }
    } finally {
      execFileSync('umount', [disk]);
    }
  },
  600_000,
);
