import { expect, it } from 'vitest';
import { factsOf } from '../testing/clusters.ts';
import { kubernetesVersion } from './kubernetes-version.ts';

const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const nodes = (...versions: readonly string[]): [string, string][] =>
  versions.map((kubeletVersion, at) => [
    `/registry/minions/node-${at}`,
    JSON.stringify({ kind: 'Node', status: { nodeInfo: { kubeletVersion } } }),
  ]);
const withImage = (image: string): Map<string, Uint8Array> =>
  new Map([[manifest, Buffer.from(`spec: { containers: [{ name: kube-apiserver, image: "${image}" }] }`)]]);

it.each([
  ['registry.k8s.io/kube-apiserver:v1.34.1', 'v1.34.1'],
  [`mirror.local:5000/kube-apiserver:v1.33.0-rc.1@sha256:${'0'.repeat(64)}`, 'v1.33.0-rc.1'],
  [`registry.k8s.io/kube-apiserver@sha256:${'0'.repeat(64)}`, 'v1.31.2'],
  ['mirror.local:5000/kube-apiserver', 'v1.31.2'],
])('of the image %s it is %s', (image, version) => {
  expect(kubernetesVersion({ files: withImage(image), snapshot: factsOf(...nodes('v1.31.2')) })).toBe(
    version,
  );
});

it('without an image it is that of the newest kubelet', () => {
  const snapshot = factsOf(...nodes('v1.9.12', 'unknown', 'v1.30.10+k3s1', 'v1.30.9+k3s1', ''));
  expect(kubernetesVersion({ files: new Map(), snapshot })).toBe('v1.30.10+k3s1');
  for (const broken of [
    '',
    'spec: 7',
    'spec: null',
    'spec: {containers: 7}',
    'spec: {containers: [null]}',
    '{',
  ])
    expect(kubernetesVersion({ files: new Map([[manifest, Buffer.from(broken)]]), snapshot })).toBe(
      'v1.30.10+k3s1',
    );
});

it('without both it is not known', () => {
  expect(kubernetesVersion({ files: new Map(), snapshot: factsOf() })).toBeNull();
});
