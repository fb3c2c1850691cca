import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joiningManifest, readPodManifest } from './pod-manifest.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-manifest-'));
});
afterAll(async () => rm(dir, { recursive: true }));

const etcd = `# ours
kind: Pod
metadata:
  name: etcd
spec:
  containers:
  - name: helper
    command: [/bin/helper]
  - name: etcd
    image: etcd:3.6.4
    command:
    - etcd
    args: [--name=m1, --initial-cluster, m1=http://a:1, "--initial-cluster-state=new"] # all of it
    env:
    - { name: ETCD_INITIAL_CLUSTER_STATE, value: new }
    - { name: ETCD_NAME, value: m1 }
`;

test('flags of a member that joins take the place of those that are there, and of their variables', () => {
  const told = { initialCluster: 'm1=http://a:1,m2=http://b:1' };
  expect(joiningManifest(etcd, 'etcd.yaml', told)).toBe(
    etcd
      .replace(
        '--initial-cluster, m1=http://a:1, "--initial-cluster-state=new"]',
        '"--initial-cluster=m1=http://a:1,m2=http://b:1", --initial-cluster-state=existing ]',
      )
      .replace('[--name', '[ --name')
      .replace('[/bin/helper]', '[ /bin/helper ]')
      .replace('    - { name: ETCD_INITIAL_CLUSTER_STATE, value: new }\n', ''),
  );
});

test.each([
  ['kind: Pod\n a: [', /is no YAML/],
  ['kind: Deployment', /is not the manifest of a pod/],
  [etcd.replace('- etcd', '- /bin/sh'), /does not start etcd by itself/],
  [etcd.replace('--name=m1', '--config-file=/e.yml'), /takes its settings from \/e\.yml/],
])('a manifest that cannot be told is refused', (text, why) => {
  expect(() => joiningManifest(text, 'etcd.yaml', { initialCluster: 'a=b' })).toThrow(why);
});

test('the container that runs the program is found, with the folders of the machine that it sees', async () => {
  const path = join(dir, 'etcd.yaml');
  const volume = `    volumeMounts: [{ name: data, mountPath: /d }, { name: other, mountPath: /o }]
  volumes: [{ name: data, hostPath: { path: /srv } }, { name: other, emptyDir: {} }]
`;
  await writeFile(path, etcd + volume);
  expect(await readPodManifest(path, 'etcd')).toEqual({
    name: 'etcd',
    namespace: 'default',
    container: 'etcd',
    image: 'etcd:3.6.4',
    words: ['etcd', '--name=m1', '--initial-cluster', 'm1=http://a:1', '--initial-cluster-state=new'],
    mounts: [{ inside: '/d', outside: '/srv' }],
  });
  await expect(readPodManifest(path, 'kube-scheduler')).rejects.toThrow(
    /no container .* runs kube-scheduler/,
  );
});
