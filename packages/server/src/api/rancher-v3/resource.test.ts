import { Policy } from '@holdfast/model';
import type { RepositorySpec } from '@holdfast/model/fleet';
import { expect, test } from 'vitest';
import { snapshot } from '../../store/testing/samples.ts';
import { backupsOf } from './backup.ts';
import { backupObject, backupResource, clusterResource, type View } from './resource.ts';

const stored = (spec: Omit<RepositorySpec, 'name' | 'readByServer'>) => ({
  ...{ name: 'main', spec: { name: 'main', readByServer: true, ...spec }, secretNames: [], sealed: null },
  ...{ createdAt: '', version: 1, repositoryId: null, reachable: null, why: '', scannedAt: null },
});
const view = (changed: Partial<View> = {}): View => ({
  ...{ base: 'https://host', actionsField: 'actions', policies: [], repositories: new Map() },
  may: { save: false, restore: false, admin: false },
  ...changed,
});
const [backup] = backupsOf('c-aaaaa', {
  ...{ snapshots: [snapshot('one two'.replace(' ', '+'))], saves: [], repositories: [] },
});
const cluster = (repositories: string[]) => ({
  ...{ id: 'c-aaaaa', createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '', version: 1, heldBy: null },
  spec: { name: 'prod', description: 'x', distribution: 'etcd' as const, repositories, approvals: 0 },
});

test.each([
  [{ path: '/backup' }, 'one+two'],
  [{ s3: { bucket: 'b' } }, 'https://s3.amazonaws.com/b/one+two'],
  [
    { s3: { bucket: 'b', folder: 'f/g', endpoint: 'http://minio:9000/' } },
    'https://minio:9000/b/f/g/one+two',
  ],
])('of a backup in %j the file is %s', (spec, filename) => {
  const repositories = new Map([['main', stored(spec)]]);
  expect(backupResource(backup!, view({ repositories }))['filename']).toBe(filename);
});

test('only who may remove it is told where', () => {
  const self = 'https://host/v3/etcdBackups/c-aaaaa:one%2Btwo';
  expect(backupResource(backup!, view())['links']).toEqual({ self });
  const may = { save: true, restore: true, admin: true };
  expect(backupResource(backup!, view({ may }))['links']).toEqual({ self, remove: self });
});

test('only actions that the caller may use, in a cluster that has where to put backups, are told', () => {
  const may = { save: true, restore: false, admin: false };
  const backupEtcd = 'https://host/v3/clusters/c-aaaaa?action=backupEtcd';
  expect(clusterResource(cluster(['main']), view({ may }))['actions']).toEqual({ backupEtcd });
  expect(clusterResource(cluster([]), view({ may }))['actions']).toEqual({});
  const renamed = clusterResource(cluster(['main']), view({ may, actionsField: 'actionLinks' }));
  expect(renamed).toMatchObject({ actionLinks: { backupEtcd } });
  expect(renamed).not.toHaveProperty('actions');
});

const policy = (more: object) =>
  Policy.parse({ name: 'p', targets: [{ repository: 'main' }], retention: { last: 6 }, ...more });
const told = (policies: Policy[]) =>
  clusterResource(cluster(['main']), view({ policies }))['rancherKubernetesEngineConfig'];
const within = (config: object) => ({ services: { etcd: { backupConfig: config } } });

test('a schedule is told as far as Rancher has words for it', () => {
  expect(told([policy({ schedule: { intervalHours: 12 } })])).toMatchObject(
    within({ enabled: true, intervalHours: 12, retention: 6 }),
  );
  expect(told([policy({ schedule: { cron: '0 1 * * *', timeZone: 'UTC' } })])).toMatchObject(
    within({ enabled: true, intervalHours: null }),
  );
  const pause = { since: '2026-01-01T00:00:00.000Z', until: null, reason: 'x' };
  expect(told([policy({ schedule: { intervalHours: 12 }, pause })])).toMatchObject(
    within({ enabled: false }),
  );
  expect(told([])).toMatchObject(within({ enabled: false, retention: null }));
});

test('an object of Kubernetes has its moments without milliseconds, and no types of resources', () => {
  const object = backupObject(backup!, view());
  expect(object).toMatchObject({
    metadata: { namespace: 'c-aaaaa', creationTimestamp: '2026-01-01T00:00:00Z' },
    status: {
      conditions: [{ type: 'Created' }, { type: 'Completed', lastUpdateTime: '2026-01-01T00:00:01Z' }],
    },
  });
  expect(JSON.stringify(object)).not.toContain('/v3/schemas');
});

test('the same backup has the same UUID whenever it is asked for', () => {
  const [one, other] = [backupResource(backup!, view())['uuid'], backupResource(backup!, view())['uuid']];
  expect(one).toBe(other);
  expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect((backupObject(backup!, view())['metadata'] as { uid: string }).uid).toBe(one);
});
