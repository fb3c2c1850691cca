import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  etcdOrSkip,
  planCluster,
  startCluster,
  startPlanned,
  type ClusterPlan,
  type EtcdCluster,
  type PlannedMember,
} from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, holdfast } from '../product.ts';

interface Saved {
  readonly name: string;
  readonly cluster: string;
  readonly revision: number;
  readonly size: number;
  readonly sha256: string;
  readonly state: string;
}

interface Restored {
  readonly cluster: { readonly token: string };
  readonly otherMembers: readonly { readonly name: string; readonly command: string }[];
}

/** One story, told in order: each test goes on where the one before it ended. */
describe.skipIf((await etcdOrSkip('3.6')).skip)('from save to a cluster that is back', () => {
  let folder: string;
  let repo: string[];
  let cluster: EtcdCluster;
  let first: Saved;
  let second: Saved;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-story-'));
    repo = ['--repo', join(folder, 'repository')];
    cluster = await startCluster({ version: '3.6', members: 3 });
    await cluster.gateway().put('a', 'one');
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const save = (...more: string[]): string[] => {
    const endpoints = cluster.endpoints.join(',');
    return ['snapshot', 'save', '--endpoints', endpoints, '--cluster', 'prod', ...repo, ...more];
  };
  const names = async (): Promise<string> => (await holdfast(['snapshot', 'list', ...repo, '-q'])).stdout;

  test('save says what it saved, from whom, and that it is verified', async () => {
    first = await answer<Saved>(...save());
    expect(first).toMatchObject({ kind: 'SavedSnapshot', cluster: 'prod', state: 'verified', revision: 2 });
    expect(first.name).toMatch(/^on-demand-m\d-\d+$/);
    await cluster.gateway().put('a', 'two');
    const quiet = await holdfast(save('--name', 'second', '--no-verify', '-q'));
    expect(quiet).toEqual({ status: 0, stdout: 'second\n', stderr: '' });
  });

  test('what is saved before an upgrade is kept by every rule', async () => {
    const { name } = await answer<Saved>(...save('--pre-upgrade'));
    expect(name).toMatch(/^pre-upgrade-m\d-\d+$/);
    const rules = ['--cluster', 'prod', '--keep-last', '1', '--dry-run', '-o', 'wide'];
    const { stdout } = await holdfast(['snapshot', 'prune', ...repo, ...rules]);
    expect(stdout).toMatch(new RegExp(`${name}.*only a person deletes it`));
    await answer('snapshot', 'delete', name, ...repo, '--yes', '--force-last');
  });

  test('list shows the newest first, and show what is known', async () => {
    const { items } = await answer<{ items: Saved[] }>('snapshot', 'list', ...repo);
    expect(items.map((each) => `${each.name} ${each.state}`)).toEqual([
      'second stored',
      `${first.name} verified`,
    ]);
    second = items[0]!;
    expect(await answer('snapshot', 'show', 'latest~1', ...repo)).toMatchObject({
      kind: 'Snapshot',
      name: first.name,
      // A young etcd has not recorded its storage version yet.
      status: { revision: 2, totalKeys: 1, version: expect.stringMatching(/^(?:3\.6\.0)?$/) },
      manifest: { kind: 'Snapshot' },
      evidence: [{ kind: 'Evidence', outcome: 'passed' }],
    });
  });

  test('status asks for what is missing, verify gives it', async () => {
    const before = await holdfast(['status', ...repo]);
    expect(before.status).toBe(3);
    expect(before.stdout).toContain(
      `run: holdfast snapshot verify second ${repo.join(' ')} --cluster prod\n`,
    );
    expect(await answer('snapshot', 'verify', 'second', ...repo)).toMatchObject({ outcome: 'passed' });
    expect((await holdfast(['status', ...repo])).status).toBe(0);
  });

  test('what is pinned or the last proven one stays, the rest goes by its name', async () => {
    expect(await answer('snapshot', 'pin', first.name, '--reason', 'audit', ...repo)).toMatchObject({
      pin: { reason: 'audit' },
    });
    expect((await holdfast(['snapshot', 'delete', first.name, '--yes', ...repo])).status).toBe(14);
    expect((await holdfast(['snapshot', 'delete', 'second', '--yes', ...repo])).status).toBe(14);
    await answer('snapshot', 'unpin', first.name, ...repo);
    expect((await holdfast(['snapshot', 'delete', first.name, ...repo])).status).toBe(20);
    await answer('snapshot', 'delete', first.name, '--dry-run', ...repo);
    expect(await names()).toBe(`second\n${first.name}\n`);
    await answer('snapshot', 'delete', first.name, '--yes', ...repo);
    expect(await names()).toBe('second\n');
  });

  test('doctor finds nothing to mend', async () => {
    const args = ['doctor', '--endpoints', cluster.endpoints.join(','), ...repo];
    expect(await answer(...args)).toMatchObject({ kind: 'DoctorReport', healthy: true });
    expect((await holdfast([...args, '-q'])).stdout).toBe('');
  });

  test('export is the file that etcdctl would have saved', async () => {
    const to = join(folder, 'etcd.db');
    expect(await answer('snapshot', 'export', 'second', '--to', to, ...repo)).toMatchObject({
      sha256: second.sha256,
      size: second.size,
    });
    expect((await readFile(to)).length).toBe(second.size);
    const again = await holdfast(['snapshot', 'export', 'second', '--to', to, ...repo]);
    expect(again.status).toBe(14);
  });

  test('a cluster of three is restored by the commands that are printed, and has its keys', async () => {
    const { keyValues } = await cluster.gateway().rangeAll({ revision: second.revision });
    const plan = await planCluster({ version: '3.6', members: 3, dir: join(folder, 'new') });
    const [m1] = plan.members;
    const line = ['restore', 'datadir', '--snapshot', 'latest', ...repo, ...memberFlags(plan, m1!)];
    const restored = await answer<Restored>(...line);
    const { token } = restored.cluster;
    for (const [index, { name, command }] of restored.otherMembers.entries()) {
      const member = plan.members[index + 1]!;
      expect(name).toBe(member.name);
      const words = command.replaceAll(m1!.dataDir, member.dataDir).split(' ').slice(1);
      expect(await answer<Restored>(...words)).toMatchObject({ cluster: { token } });
    }
    await using back = await startPlanned({ ...plan, token }, { restored: true });
    expect((await back.gateway().rangeAll()).keyValues).toEqual(keyValues);
    await back.gateway().put('b', 'goes on');
  });

  test("etcdutl's own command line restores members that fit together without a token", async () => {
    const file = join(folder, 'etcd.db');
    const plan = await planCluster({ version: '3.6', members: 3, dir: join(folder, 'utl') });
    const tokens = new Set<string>();
    for (const member of plan.members) {
      const { cluster } = await answer<Restored>('snapshot', 'restore', file, ...memberFlags(plan, member));
      tokens.add(cluster.token);
    }
    expect(tokens.size).toBe(1);
    expect([...tokens]).not.toContain('etcd-cluster');
    await using back = await startPlanned({ ...plan, token: [...tokens][0]! }, { restored: true });
    expect((await back.gateway().range({ key: 'a' })).keyValues[0]?.value.toString()).toBe('two');
  });
});

function memberFlags({ initialCluster }: ClusterPlan, { name, dataDir, peerUrl }: PlannedMember): string[] {
  const member = ['--name', name, '--data-dir', dataDir, '--initial-advertise-peer-urls', peerUrl];
  return [...member, '--initial-cluster', initialCluster];
}
