import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseClusterFile, readClusterFile } from './cluster-file.ts';

const member = (name: string, more = ''): string => `  - name: ${name}
    peerUrls: [https://${name}:2380]
    clientUrls: [https://${name}:2379]
    dataDir: /var/lib/etcd${more}
    run: { driver: systemd, unit: etcd.service }
`;
const part = (name: string, component = 'kube-apiserver'): string => `controlPlane:
  - { name: ${name}, component: ${component}, urls: [https://10.0.0.1:6443], run: { driver: systemd, unit: a.service } }
`;
const controlPlane = (...parts: readonly [name: string, url: string, unit?: string][]): string =>
  `controlPlane:\n${parts
    .map(
      ([name, url, unit = 'kube-scheduler.service']) =>
        `  - { name: ${name}, component: kube-scheduler, urls: ['${url}'], run: { driver: systemd, unit: ${unit} } }\n`,
    )
    .join('')}`;
const head = 'apiVersion: holdfast.dev/v1\nkind: ClusterDescription\nname: prod\nmembers:\n';
const whole = head + member('m1') + member('m2');

test('YAML, and JSON, which is the same', async () => {
  const description = await parseClusterFile(whole, '/c.yaml');
  expect(description.members.map(({ name, dataDir }) => [name, dataDir])).toEqual([
    ['m1', '/var/lib/etcd'],
    ['m2', '/var/lib/etcd'],
  ]);
  expect(await parseClusterFile(JSON.stringify(description), '/c.json')).toEqual(description);
});

test.each([
  ['members: [', 'line 1: '],
  ['', 'line 1: the file: '],
  [whole.replace('name: prod', 'name: a b'), 'line 3: name: must be one word'],
  [whole.replace('v1', 'v2'), 'line 1: apiVersion: '],
  [head + member('m1', '\n    walDir: wal'), 'line 9: members[0].walDir: must be an absolute path'],
  [head + member('m1', '\n    waldir: /wal'), 'line 9: members[0].waldir: there is no such field'],
  [whole.replace('driver: systemd', 'driver: podman'), 'line 9: members[0].run.driver: '],
  [
    whole.replace('unit: etcd.service', 'unit: etcd'),
    'line 9: members[0].run.unit: must be the name of a service',
  ],
  [`${head}  []\n`, 'line 5: members: '],
  [head + member('m1') + member('m1'), 'line 10: members[1].name: two members have it'],
  [
    whole.replace('https://m2:2380', 'https://m1:3380'),
    'line 13: members[1].dataDir: it is that of member m1 too',
  ],
  [`${head}  - *gone\n`, 'Unresolved alias'],
  [whole + part('api', 'kubelet'), 'line 16: controlPlane[0].component: '],
  [whole + part('m1'), 'line 16: controlPlane[0].name: a member has it too'],
  [
    whole + part('api') + part('api').replace('controlPlane:\n', ''),
    'two parts of the control plane have it',
  ],
  [
    whole + part('api') + part('api-2').replace('controlPlane:\n', ''),
    'line 17: controlPlane[1].urls: api listens there too; name where this one listens, not what stands before them',
  ],
  [
    whole + part('api').replace('[https://10.0.0.1:6443]', '[10.0.0.1:6443]'),
    'urls[0]: must be a URL, as https',
  ],
  [whole + part('api').replace('urls: [https://10.0.0.1:6443]', 'url: x'), 'controlPlane[0].'],
  [
    whole + controlPlane(['s', 'https://m2:10259', 'etcd.service']),
    'line 16: controlPlane[0].run: etcd.service is the unit of member m2 too',
  ],
  [
    whole + controlPlane(['s', 'https://[::1]:10259', 'etcd.service']),
    'line 16: controlPlane[0].run: etcd.service is the unit of member m1 too',
  ],
  [
    whole
      .replaceAll('m2:', 'm1:')
      .replace('/var/lib/etcd\n    run: { driver', '/srv/etcd\n    run: { driver'),
    'line 14: members[1].run: etcd.service is the unit of member m1 too',
  ],
  [
    whole + controlPlane(['s-1', 'https://m1:10259'], ['s-2', 'https://127.0.0.1:10259']),
    'line 17: controlPlane[1].urls: nothing tells it from s-1: both are run in the same way, and this one is said to listen on loopback only; name the address of its machine',
  ],
  [
    whole + controlPlane(['s-1', 'https://localhost:10259'], ['s-2', 'https://m2:10259']),
    'line 16: controlPlane[0].urls: nothing tells it from s-2: ',
  ],
])('a mistake is named with its line and field: %#', async (text, why) => {
  await expect(parseClusterFile(text, '/c.yaml')).rejects.toMatchObject({
    code: 'cluster-file-invalid',
    exitCode: 78,
    why: expect.stringContaining(why),
    details: { path: '/c.yaml' },
  });
});

const podsAndMore = (run: string): string =>
  `${whole.replace('{ driver: systemd, unit: etcd.service }', run)}controlPlane:
  - name: s
    component: kube-scheduler
    urls: [https://m1:10259]
    run: ${run}
`;

test.each([
  ['{ driver: docker, container: etcd }', 'container etcd is that of member m1 too'],
  ['{ driver: static-pods, manifest: /m/etcd.yaml }', '/m/etcd.yaml is the manifest of member m1 too'],
])('what runs a member runs nothing else: %s', async (run, why) => {
  await expect(parseClusterFile(podsAndMore(run), '/c.yaml')).rejects.toMatchObject({
    why: expect.stringContaining(why) as string,
  });
});

test('a server of K3s has etcd and the control plane in one unit', async () => {
  const { controlPlane } = await parseClusterFile(
    podsAndMore('{ driver: k3s-rke2, runtime: k3s }'),
    '/c.yaml',
  );
  expect(controlPlane).toHaveLength(1);
});

test('the same unit on two machines, and what listens on loopback once, are no mistakes', async () => {
  const one = controlPlane(['s-1', 'https://m1:10259'], ['s-2', 'https://m2:10259']);
  expect((await parseClusterFile(whole + one, '/c.yaml')).controlPlane).toHaveLength(2);
  const other = controlPlane(
    ['s-1', 'https://127.0.0.1:10259'],
    ['s-2', 'https://127.0.0.1:10260', 'b.service'],
  );
  expect((await parseClusterFile(whole + other, '/c.yaml')).controlPlane).toHaveLength(2);
  // Of another machine than any member.
  const far = controlPlane(['s-1', 'https://m9:10259', 'etcd.service']);
  expect((await parseClusterFile(whole + far, '/c.yaml')).controlPlane).toHaveLength(1);
});

test('a file that is not there is said to be unreadable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  try {
    const path = join(folder, 'c.yaml');
    await expect(readClusterFile(path)).rejects.toMatchObject({ code: 'file-unreadable' });
    await writeFile(path, whole);
    expect((await readClusterFile(path)).name).toBe('prod');
  } finally {
    await rm(folder, { recursive: true });
  }
});
