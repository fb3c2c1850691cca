import { execFileSync } from 'node:child_process';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { systemClock } from '@holdfast/base';
import { openRepository, type Repository } from '@holdfast/repository';
import { storeSnapshot } from '@holdfast/repository/testing';
import { etcdOrSkip, planCluster, startCluster, startPlanned, unzipOrSkip } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openForeignFolder, readImage, scanForeign } from '../adopt/index.ts';
import { giveBack, type GiveBackRequest } from './give-back.ts';

const { signal } = new AbortController();
const context = { clock: systemClock, signal, holdfast: '0.1.0' };
const etcd = await etcdOrSkip('3.6');
const unpacker = await unzipOrSkip();
const spec = { 'provisioning-cluster-spec': 'H4sIAA<&>', another: 'ü' };
const state = '{"desiredState":{},"currentState":{}}';
const takenAt = '2026-11-20T09:10:06.000Z';

const config = (data: object) => JSON.stringify({ kind: 'ConfigMap', metadata: { uid: 'u' }, data });

describe.skipIf(etcd.skip || unpacker.skip)('what is given back', () => {
  let folder: string;
  let repository: Repository;
  let content: Buffer;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-give-back-'));
    const file = join(folder, 'saved.db');
    await using cluster = await startCluster({ version: '3.6' });
    const gateway = cluster.gateway();
    for (let i = 0; i < 300; i += 1) await gateway.put(`/registry/pods/${i % 200}`, `${i}`.repeat(40));
    await gateway.put('/registry/configmaps/kube-system/k3s-etcd-snapshot-extra-metadata', config(spec));
    await gateway.put('/registry/configmaps/kube-system/rke2-etcd-snapshot-extra-metadata', config({}));
    await gateway.put('/registry/secrets/kube-system/full-cluster-state', 'k8s:enc:aescbc:v1:key1:0123');
    const full = config({ 'full-cluster-state': state });
    await gateway.put('/registry/configmaps/kube-system/full-cluster-state', full);
    await cluster.snapshotSave(file);
    content = readFileSync(file);
    repository = await openRepository(join(folder, 'repository'), { create: true });
    const prod = await repository.addCluster('prod');
    const times = { startedAt: takenAt, finishedAt: takenAt };
    for (const name of ['nightly', 'torn']) await storeSnapshot(repository, prod, name, content, { times });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const give = (request: Omit<GiveBackRequest, 'name' | 'folder'>, to = mkdtempSync(join(folder, 'to-'))) =>
    giveBack(context, repository, { name: 'nightly', folder: to, ...request });

  test.each([
    ['k3s', 'raw', 'on-demand-cp-1-1795165806', (path: string) => path],
    ['k3s', 'zip', 'on-demand-cp-1-1795165806.zip', unzipped('on-demand-cp-1-1795165806')],
    ['rke2', 'raw', 'on-demand-cp-1-1795165806', (path: string) => path],
    ['rke2', 'zip', 'on-demand-cp-1-1795165806.zip', unzipped('on-demand-cp-1-1795165806')],
    ['rke', 'raw', 'rke_etcd_snapshot_2026-11-20T09:10:06Z', (path: string) => path],
    [
      'rke',
      'zip',
      'rke_etcd_snapshot_2026-11-20T09:10:06Z.zip',
      unzipped('backup/rke_etcd_snapshot_2026-11-20T09:10:06Z'),
    ],
    ['alauda', 'raw', 'snapshot-etcd-20261120-091006-10.0.0.7.tar', (path: string) => path],
    ['alauda', 'tar', 'snapshot-etcd-20261120-091006-10.0.0.7.tar', untarred],
  ] as const)('to %s as %s is restored by etcdutl and known again', async (as, form, name, unpacked) => {
    const node = as === 'alauda' ? '10.0.0.7' : as === 'rke' ? undefined : 'cp-1';
    const { snapshot, givenName } = await give({ as, form, node });
    expect(basename(snapshot.path)).toBe(name);
    expect(statSync(snapshot.path)).toMatchObject({ size: snapshot.size, mode: 0o100600 });
    const place = await openForeignFolder(dirname(snapshot.path));
    const found = await scanForeign(place, { signal, clock: systemClock });
    expect(found).toMatchObject({
      snapshots: [{ path: name, takenAt: new Date(takenAt), takenAtFrom: 'name', restorable: true }],
      unknown: [],
      passedOver: [],
    });
    expect(['k3s', 'rke2'].includes(as) ? 'k3s' : as).toBe(found.snapshots[0]!.system);
    expect((await buffer(readImage(place, found.snapshots[0]!, signal))).equals(content)).toBe(true);
    const file = unpacked(snapshot.path);
    expect(readFileSync(file).equals(content)).toBe(true);
    expect(await keysIn(file)).toBe(204);
    expect(givenName).toBe(as === 'alauda' ? name : name.replace(/\.zip$/, ''));
  });

  test('to K3s has beside it what Rancher keeps in its ConfigMap, as Go prints it; of an empty one nothing', async () => {
    const { snapshot, metadata } = await give({ as: 'k3s', node: 'a' });
    expect(metadata?.path).toBe(join(dirname(snapshot.path), '.metadata', basename(snapshot.path)));
    expect(readFileSync(metadata!.path, 'utf8')).toBe(
      String.raw`{"another":"ü","provisioning-cluster-spec":"H4sIAA\u003c\u0026\u003e"}`,
    );
    expect(statSync(metadata!.path).mode & 0o777).toBe(0o600);
    expect((await give({ as: 'rke2', node: 'a' })).metadata).toBeNull();
  });

  test('to RKE has the state of the cluster at the path that it is looked for', async () => {
    const { snapshot, withState, givenName } = await give({ as: 'rke' });
    expect(withState).toBe(true);
    const names = execFileSync('unzip', ['-Z1', snapshot.path], { encoding: 'utf8' }).trim().split('\n');
    expect(names).toEqual([`/backup/${givenName}`, `/etc/kubernetes/${givenName}.rkestate`]);
    expect(execFileSync('unzip', ['-p', snapshot.path, names[1]!], { encoding: 'utf8' })).toBe(state);
    expect((await give({ as: 'rke', form: 'raw' })).withState).toBe(false);
  });

  test('replaces nothing, and a form that the system does not take is refused', async () => {
    const to = mkdtempSync(join(folder, 'to-'));
    const { metadata } = await give({ as: 'k3s', node: 'a' }, to);
    const before = readdirSync(to, { recursive: true });
    await expect(give({ as: 'k3s', node: 'a' }, to)).rejects.toMatchObject({ code: 'file-exists' });
    rmSync(join(to, 'on-demand-a-1795165806'));
    writeFileSync(metadata!.path, 'mine');
    await expect(give({ as: 'k3s', node: 'a' }, to)).rejects.toMatchObject({ code: 'file-exists' });
    expect(readFileSync(metadata!.path, 'utf8')).toBe('mine');
    expect(readdirSync(to, { recursive: true })).toEqual(
      before.filter((each) => !String(each).startsWith('on')),
    );
    await expect(give({ as: 'k3s', form: 'tar' }, to)).rejects.toMatchObject({
      why: 'k3s takes raw or zip, and no tar',
    });
  });

  test('of a damaged snapshot is nothing, and no folder is left', async () => {
    const to = join(folder, 'not', 'there');
    const { path } = await repository.snapshot('torn');
    const stored = readFileSync(path);
    stored[stored.length - 40]! ^= 1;
    writeFileSync(path, stored);
    const torn = { name: 'torn', folder: to, as: 'rke' } as const;
    const refused = expect.objectContaining({ code: 'snapshot-damaged' }) as Error;
    await expect(giveBack(context, repository, torn)).rejects.toThrow(refused);
    expect(readdirSync(folder)).not.toContain('not');
    truncateSync(path, 8192);
    await expect(giveBack(context, repository, { ...torn, as: 'alauda' })).rejects.toThrow(refused);
    expect(readdirSync(folder)).not.toContain('not');
  });
});

/** What `unzip` makes of it: absolute names lose their slash, with a warning and status 1. */
function unzipped(entry: string): (path: string) => string {
  return (path) => {
    try {
      if (unpacker.skip) throw new Error(unpacker.why);
      execFileSync(unpacker.had.unzip, ['-q', path, '-d', dirname(path)], { stdio: 'ignore' });
    } catch (error) {
      expect(error).toMatchObject({ status: 1 });
    }
    return join(dirname(path), entry);
  };
}

function untarred(path: string): string {
  execFileSync('tar', ['-C', dirname(path), '-xf', path]);
  return join(dirname(path), 'snapshot.db');
}

/** How many keys a real etcd has that was restored from it by etcd's own tool. */
async function keysIn(file: string): Promise<number> {
  const plan = await planCluster({ version: '3.6' });
  const { name, peerUrl, dataDir } = plan.members[0]!;
  const member = ['--name', name, '--initial-advertise-peer-urls', peerUrl, '--data-dir', dataDir];
  const cluster = ['--initial-cluster', `${name}=${peerUrl}`, '--initial-cluster-token', plan.token];
  const { etcdutl } = plan.binaries;
  execFileSync(etcdutl!, ['snapshot', 'restore', file, ...member, ...cluster], { stdio: 'ignore' });
  await using started = await startPlanned(plan, { restored: true });
  return (await started.gateway().rangeAll()).keyValues.length;
}
