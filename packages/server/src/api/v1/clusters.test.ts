import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClusterDescription } from '@holdfast/model';
import { parse } from 'yaml';
import { testApi, type TestApi } from '../../testing/api.ts';
import { inventoryOf } from '../../testing/inventory.ts';

let api: TestApi;
beforeEach(async () => {
  api = await testApi();
});
afterEach(() => api[Symbol.asyncDispose]());

const now = '2026-11-22T10:00:00.000Z';

async function join(cluster: string, id: string, name: string, inventory = inventoryOf(name, '10.0.0.1')) {
  const { store } = api.context;
  await store.nodes.create({ id, cluster, name, joinedAt: now, certificateNotAfter: null });
  await store.nodes.setInventory(id, inventory, 'x');
  await store.nodes.seen([{ node: id, at: now, agentVersion: '0.1.0', clockSkewMs: 3 }]);
}

async function repository(name: string): Promise<void> {
  await api.context.store.repositories.create({
    ...{ name, createdAt: now, secretNames: ['accessKeyId', 'secretAccessKey', 'passphrase'], sealed: null },
    spec: { name, s3: { bucket: 'etcd', folder: 'prod', endpoint: 'https://s3:9000' }, readByServer: true },
  });
}

describe('a cluster', () => {
  test('tells how it stands by what its agents tell', async () => {
    const id = await api.cluster('prod');
    expect((await api.ask('GET', `/v1/clusters/${id}`)).json()).toMatchObject({
      status: { health: 'unknown', nodes: { total: 0, connected: 0 }, newestVerified: null, busy: null },
    });
    await join(id, 'n-aaaaa', 'm1');
    await join(id, 'n-bbbbb', 'm2', inventoryOf('m2', '10.0.0.2', { inQuorum: false }));
    expect((await api.ask('GET', `/v1/clusters/${id}`)).json()).toMatchObject({
      status: { health: 'degraded', nodes: { total: 2, connected: 2 }, etcdVersion: '3.5.9' },
    });
    api.context.clock.advance(60_000);
    expect((await api.ask('GET', '/v1/clusters')).json()).toMatchObject({
      items: [{ status: { health: 'unknown', nodes: { total: 2, connected: 0 } } }],
    });
  });

  test('has a name that no other has, keeps it, and names repositories that are there', async () => {
    const id = await api.cluster('prod');
    expect((await api.ask('POST', '/v1/clusters', { name: 'prod' })).json()).toMatchObject({
      code: 'name-taken',
    });
    const unknown = await api.ask('POST', '/v1/clusters', { name: 'b', repositories: ['none'] });
    expect(unknown.json()).toMatchObject({ code: 'repository-unknown', status: 404 });
    const renamed = await api.ask('PUT', `/v1/clusters/${id}`, { name: 'b' }, { 'if-match': '*' });
    expect(renamed.json()).toMatchObject({ code: 'request-invalid', errors: [{ pointer: '/body/name' }] });
  });

  test('is removed by who writes its name, and not while something holds it', async () => {
    const id = await api.cluster('prod');
    const remove = (name: string) => api.ask('DELETE', `/v1/clusters/${id}?confirm=${name}`);
    expect((await remove('other')).json()).toMatchObject({ code: 'confirm-wrong', status: 422 });
    await api.context.store.clusters.hold(id, 'op-7f3kq');
    expect((await remove('prod')).json()).toMatchObject({
      code: 'cluster-busy',
      details: { holder: 'op-7f3kq' },
    });
    await api.context.store.clusters.release(id, 'op-7f3kq');
    expect((await remove('prod')).statusCode).toBe(204);
    expect((await api.ask('GET', `/v1/clusters/${id}`)).json()).toMatchObject({ code: 'cluster-unknown' });
  });

  test('is described by its agents together, with what contradicts', async () => {
    const id = await api.cluster('prod');
    await join(id, 'n-aaaaa', 'm1');
    await join(id, 'n-bbbbb', 'm2', inventoryOf('m2', '10.0.0.2', { clusterId: 'beef', notes: ['no disk'] }));
    await join(id, 'n-ccccc', 'old', inventoryOf('m1', '10.0.0.9'));
    const told = (await api.ask('GET', `/v1/clusters/${id}/description`)).json<{
      description: unknown;
      placement: Record<string, string>;
      notes: string[];
    }>();
    const { members } = ClusterDescription.parse(told.description);
    expect(members.map(({ name, peerUrls }) => [name, peerUrls[0]])).toEqual([
      ['m1', 'https://10.0.0.1:2380'],
      ['m2', 'https://10.0.0.2:2380'],
    ]);
    expect(told.placement).toEqual({
      ...{ m1: 'n-aaaaa', m2: 'n-bbbbb', 'apiserver-m1': 'n-aaaaa', 'apiserver-m2': 'n-bbbbb' },
    });
    expect(told.notes.join('\n')).toMatch(
      /m2: no disk\n[^]*m1 is told of by m1 and by old[^]*different etcd clusters/,
    );
  });
});

const runbook = async (id: string): Promise<string> =>
  (await api.ask('GET', `/v1/clusters/${id}/runbook`)).body;
const fileIn = (text: string, name: string): unknown =>
  parse(new RegExp(`# /root/holdfast/${name}\\n([^]*?)\`\`\``).exec(text)![1]!);

describe('the runbook', () => {
  test('of a cluster on several machines has a command for each', async () => {
    await repository('main');
    const made = await api.ask('POST', '/v1/clusters', { name: 'prod', repositories: ['main'] });
    const { id } = made.json<{ id: string }>();
    await join(id, 'n-aaaaa', 'm1');
    await join(id, 'n-bbbbb', 'm2', inventoryOf('m2', '10.0.0.2'));
    const text = await runbook(id);
    expect(fileIn(text, 'config.yaml')).toEqual({
      cluster: 'prod',
      repositories: {
        main: {
          s3: {
            ...{ bucket: 'etcd', folder: 'prod', endpoint: 'https://s3:9000' },
            credentialsFile: '/root/holdfast/main-credentials',
          },
        },
      },
      keys: { passphraseFile: '/root/holdfast/passphrase' },
    });
    expect(() => ClusterDescription.parse(fileIn(text, 'cluster.yaml'))).not.toThrow();
    const all = 'm1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380';
    for (const [name, address] of [
      ['m1', '10.0.0.1'],
      ['m2', '10.0.0.2'],
    ])
      expect(text).toContain(
        `# on ${name}\nholdfast restore datadir --snapshot latest --config /root/holdfast/config.yaml --repo main --cluster prod --name ${name} --initial-cluster ${all} --initial-advertise-peer-urls https://${address}:2380 --initial-cluster-token TOKEN --data-dir /var/lib/etcd\n`,
      );
  });

  test('of a cluster on one machine has the restore as one command', async () => {
    await repository('main');
    const made = await api.ask('POST', '/v1/clusters', { name: 'prod', repositories: ['main'] });
    const { id } = made.json<{ id: string }>();
    await join(id, 'n-aaaaa', 'm1');
    expect(await runbook(id)).toContain(
      'holdfast restore run --cluster-file /root/holdfast/cluster.yaml --snapshot latest --config',
    );
  });

  test('says what is left to a person afterwards: the nodes, and what only the API restarts or removes', async () => {
    const made = await api.ask('POST', '/v1/clusters', { name: 'edge', distribution: 'rke2' });
    const { id } = made.json<{ id: string }>();
    const parts = [['rke2-server.service'], ['docker/kubelet']] as const;
    for (const [at, nodeParts] of parts.entries())
      await join(id, `n-aaaa${at}`, `m${at}`, {
        ...inventoryOf(`m${at}`, `10.0.0.${at}`),
        nodeParts: [...nodeParts],
      });
    const text = await runbook(id);
    for (const line of [
      '- m0: `systemctl restart rke2-server.service`',
      '- m1: `docker restart kubelet`',
      'kubectl -n kube-system rollout restart daemonset,deployment',
      'kubectl delete node NODE',
      'kubectl -n kube-system delete secret NODE.node-password.rke2',
    ])
      expect(text).toContain(line);
    const plain = await runbook(await api.cluster('plain'));
    expect(plain).not.toContain('kubectl');
  });

  test('of a cluster of which nothing is known says so', async () => {
    const id = await api.cluster('prod');
    const reply = await api.ask('GET', `/v1/clusters/${id}/runbook`);
    expect(reply.headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(reply.body).toContain('this cluster has none yet');
    expect(reply.body).toContain('holdfast restore discover --name prod -o yaml');
  });
});

describe('a node', () => {
  test('is told with what its agent tells, and forgotten', async () => {
    const id = await api.cluster('prod');
    await join(id, 'n-aaaaa', 'm1');
    const listed = (await api.ask('GET', `/v1/clusters/${id}/nodes`)).json<{ items: unknown[] }>();
    const told = (await api.ask('GET', '/v1/nodes/n-aaaaa')).json();
    expect(listed).toEqual({ items: [told], next: null });
    expect(told).toMatchObject({
      name: 'm1',
      connected: true,
      clockSkewMs: 3,
      inventory: { hostname: 'm1' },
    });
    expect((await api.ask('DELETE', '/v1/nodes/n-aaaaa')).statusCode).toBe(204);
    expect((await api.ask('GET', '/v1/nodes/n-aaaaa')).json()).toMatchObject({ code: 'node-unknown' });
    expect(await api.context.store.audit.last()).toMatchObject({
      action: 'deleteNode',
      cluster: id,
      of: 'n-aaaaa',
    });
  });
});
