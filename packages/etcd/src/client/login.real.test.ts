import { inspect } from 'node:util';
import { isFailure } from '@holdfast/base';
import { etcdMinors, etcdOrSkip, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOf, optionsOf } from './testing/client-of-cluster.ts';
import { connectEtcd, type EtcdClient, type EtcdOptions } from './client.ts';

const password = 'not the password';

async function failureOf(client: EtcdClient, call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (!isFailure(error)) throw error;
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(password);
    return `${error.code}: ${error.why}`;
  } finally {
    await client[Symbol.asyncDispose]();
  }
  return 'none';
}

describe.each(etcdMinors)('etcd %s with authentication', async (version) => {
  const { skip } = await etcdOrSkip(version);
  let cluster: EtcdCluster;
  let sound: EtcdOptions;

  beforeAll(async () => {
    if (skip) return;
    cluster = await startCluster({ version, auth: true });
    sound = await optionsOf(cluster);
    await cluster.gateway().userAdd('nobody', password);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  const surveyAs = async (auth?: EtcdOptions['auth']): Promise<string> => {
    const { auth: _, ...anonymous } = sound;
    const client = connectEtcd({ ...anonymous, ...(auth && { auth }) });
    return await failureOf(client, async () => await client.survey());
  };

  test.skipIf(skip)('root is let in; others are told what is wrong, without their password', async () => {
    expect(await surveyAs(sound.auth)).toBe('none');
    expect(await surveyAs({ user: 'root', password })).toBe(
      'etcd-auth: user root is unknown, or the password is wrong',
    );
    expect(await surveyAs({ user: 'ghost', password })).toBe(
      'etcd-auth: user ghost is unknown, or the password is wrong',
    );
    expect(await surveyAs()).toBe('etcd-auth: it asks for a user, and none was given');
  });

  test.skipIf(skip)('a user without the root role is in quorum and gets no snapshot', async () => {
    const auth = { user: 'nobody', password };
    expect(await surveyAs(auth)).toBe('none');
    const client = await clientOf(cluster, { auth });
    const why = await failureOf(client, async () => {
      await client.snapshot(client.endpoints[0]!, () => undefined, new AbortController().signal);
    });
    expect(why).toMatch(/^etcd-auth: user nobody may not do this: (etcdserver|auth): permission denied$/);
  });
});

describe.skipIf((await etcdOrSkip('3.5')).skip)('etcd 3.5 without authentication', () => {
  test('a user that it does not ask for does no harm', async () => {
    await using cluster = await startCluster({ version: '3.5' });
    const client = await clientOf(cluster, { auth: { user: 'root', password } });
    expect(await failureOf(client, async () => await client.survey())).toBe('none');
  });
});
