import { readFile } from 'node:fs/promises';
import { systemClock } from '@holdfast/base';
import { connectEtcd, type EtcdOptions } from '@holdfast/etcd/client';
import { etcdOrSkip, freePort, reservePort, startCluster, type EtcdCluster } from '@holdfast/test-servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { doctor } from './doctor.ts';

const context = { clock: systemClock, signal: new AbortController().signal, holdfast: '0.0.0' };

async function findings(options: Omit<EtcdOptions, 'clock'>): Promise<string[]> {
  const etcd = async () => Promise.resolve(connectEtcd({ ...options, clock: systemClock }));
  const { checks } = await doctor(context, { repositories: [], etcd });
  return checks
    .filter(({ subject }) => !['this machine', 'repository'].includes(subject))
    .map((each) => `${each.check}: ${[each.outcome, each.fault].filter(Boolean).join(', ')}`);
}

describe.skipIf((await etcdOrSkip('3.5')).skip)('with TLS and a login', () => {
  let cluster: EtcdCluster;
  let sound: Omit<EtcdOptions, 'clock'>;

  beforeAll(async () => {
    cluster = await startCluster({ version: '3.5', members: 3, tls: true, auth: true });
    const { cacert, cert, key } = cluster.tls!;
    sound = {
      endpoints: cluster.endpoints,
      tls: { ca: await readFile(cacert), cert: await readFile(cert), key: await readFile(key) },
      auth: cluster.auth!,
    };
  });
  afterAll(async () => cluster[Symbol.asyncDispose]());

  test('a sound cluster has nothing to mend', async () => {
    const found = await findings(sound);
    expect(found.filter((each) => !each.endsWith(': ok'))).toEqual([]);
    expect(found).toHaveLength(3 * 7 + 4);
  });

  test('a CA that signed something else is a matter of credentials', async () => {
    const ca = await readFile(cluster.tls!.wrongCacert);
    const found = await findings({
      ...sound,
      endpoints: sound.endpoints.slice(0, 1),
      tls: { ...sound.tls, ca },
    });
    expect(found).toEqual(['tls: failed, credentials', 'members: skipped']);
  });

  test('so is a wrong password, and a certificate whose name is no user', async () => {
    const wrong = { user: 'root', password: 'wrong' };
    expect(await findings({ ...sound, auth: wrong })).toContain('login: failed, credentials');
    const { auth: _, ...nobody } = sound;
    expect((await findings(nobody)).join()).toMatch(/(login|snapshot): failed, credentials/);
  });

  test('a closed port is a matter of the network, and the others are still examined', async () => {
    const port = await reservePort();
    const found = await findings({
      ...sound,
      endpoints: [`https://127.0.0.1:${port}`, cluster.endpoints[0]!],
    });
    freePort(port);
    expect(found[0]).toBe('connect: failed, network');
    expect(found).toContain('snapshot: ok');
    expect(found).toContain('members: warning, health');
  });

  test('a lost quorum is found through the member that is left', async () => {
    await Promise.all([cluster.kill(1), cluster.kill(2)]);
    const found = await findings({ ...sound, endpoints: cluster.endpoints.slice(0, 1) });
    expect(found).toContain('answer: failed, health');
  });
});
