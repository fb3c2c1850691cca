import { Policy } from '@holdfast/model';
import type { FleetSnapshot } from '@holdfast/model/fleet';
import { newToken } from '../../../auth/token.ts';
import type { OpenStore } from '../../../testing/context.ts';
import { operation, snapshot } from '../../../store/testing/samples.ts';
import { wholeApp, type WholeApp } from '../../../testing/whole-app.ts';

/** Who asks in the golden files. */
export type Somebody = 'admin' | 'operator' | 'viewer' | 'stranger' | 'nobody';

/** The server with two clusters, as its users may know them from Rancher. */
export interface RancherWorld extends WholeApp {
  /** The header `Authorization`; of nobody '' . */
  readonly as: Readonly<Record<Somebody, string>>;
}

/** What no reply may ever hold. */
export const bucketSecret = 'hunter2-of-the-bucket';
const at = '2026-11-22T08:00:00.000Z';

/**
 * Cluster `prod` (`c-2p9dm`) with a bucket and a policy, one stored backup of Rancher's naming, one of Holdfast's, a save that
 * failed and one that is under way; and cluster `empty` (`c-4wq7z`), which has no repository.
 */
export async function rancherWorld(open?: OpenStore): Promise<RancherWorld> {
  const whole = await wholeApp(open);
  const { store } = whole.context;
  const s3 = { bucket: 'etcd', folder: 'prod', endpoint: 'https://s3.example.org', region: 'eu-1' };
  const sent = { accessKeyId: 'AKIA', secretAccessKey: bucketSecret, passphrase: bucketSecret };
  const made = await whole.ask('POST', '/v1/repositories', {
    ...{ spec: { name: 'main', s3, readByServer: false }, secrets: sent, create: false },
  });
  if (made.statusCode !== 201) throw new Error(made.body);
  const spec = { description: '', distribution: 'etcd' as const, approvals: 0 };
  await store.clusters.create({
    id: 'c-2p9dm',
    spec: { ...spec, name: 'prod', repositories: ['main'] },
    createdAt: at,
  });
  await store.clusters.create({
    id: 'c-4wq7z',
    spec: { ...spec, name: 'empty', repositories: [] },
    createdAt: at,
  });
  const policy = Policy.parse({
    ...{ name: 'daily', schedule: { intervalHours: 12 }, targets: [{ repository: 'main' }] },
    retention: { last: 6 },
  });
  await store.policies.put('c-2p9dm', null, policy, { last: {}, next: {} }, at);
  const stored: FleetSnapshot[] = [
    snapshot('c-2p9dm-rs-8b2cx_2026-11-21T08:00:00Z', {
      ...{ trigger: 'schedule', policy: 'daily', startedAt: '2026-11-21T08:00:00.000Z' },
      ...{ finishedAt: '2026-11-21T08:00:09.000Z', kubernetesVersion: 'v1.30.2' },
    }),
    snapshot('before-upgrade', {
      ...{ startedAt: '2026-11-20T08:00:00.000Z', finishedAt: '2026-11-20T08:00:09.000Z' },
    }),
  ].map((each) => ({ ...each, cluster: 'c-2p9dm' }));
  await store.snapshots.put({ cluster: 'c-2p9dm', repository: 'main' }, stored, 'some');
  const save = { cluster: 'c-2p9dm', trigger: 'api', requestedBy: 'ann' } as const;
  await store.operations.create(
    operation('op-faaaa', {
      ...{ ...save, state: 'failed', createdAt: '2026-11-19T08:00:00.000Z' },
      ...{ startedAt: '2026-11-19T08:00:01.000Z', endedAt: '2026-11-19T08:00:03.000Z' },
      input: { name: 'c-2p9dm-ms-fa1ld_2026-11-19T08:00:00Z' },
      failure: { code: 'x', what: 'the disk is full', why: 'no space left', next: '', details: {} },
    }),
  );
  await store.operations.create(
    operation('op-wbbbb', {
      ...{ ...save, createdAt: '2026-11-22T09:00:00.000Z' },
      input: { name: 'c-2p9dm-ms-wa1ts_2026-11-22T09:00:00Z' },
    }),
  );
  const as = {
    admin: await person(whole, 'alice', 'admin', null),
    operator: await person(whole, 'olga', 'operator', 'c-2p9dm'),
    viewer: await person(whole, 'vera', 'viewer', 'c-2p9dm'),
    stranger: await person(whole, 'sten', 'admin', 'c-9zzzz'),
    nobody: '',
  };
  return { ...whole, as, [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose]() };
}

async function person(
  { context: { store, random } }: WholeApp,
  name: string,
  role: 'admin' | 'operator' | 'viewer',
  cluster: string | null,
): Promise<string> {
  const user = { id: `u-${name}0`, name, createdAt: at, disabled: false, version: 1, password: '' };
  await store.users.create({ ...user, grants: [{ role, cluster }] });
  const id = `t-${name}0`;
  const { token, hash } = newToken('hf', id, random);
  await store.tokens.create({
    ...{ id, user: user.id, description: '', createdAt: at, expiresAt: null, lastUsedAt: null },
    ...{ grants: null, hash, login: false },
  });
  // As Rancher's clients write theirs.
  return `Bearer token-${name}0:${token.split('_').slice(2).join('_')}`;
}
