import { expect, test } from 'vitest';
import { imageVersion } from './image-version.ts';

test.each([
  ['registry.k8s.io/etcd:3.5.16-0', '3.5.16'],
  ['rancher/hardened-etcd:v3.5.13-k3s1-build20240531', '3.5.13'],
  ['localhost:5000/etcd:v3.6.4@sha256:00ff', '3.6.4'],
  ['registry.k8s.io/etcd@sha256:00ff', null],
  ['localhost:5000/etcd', null],
  ['etcd:latest', null],
  [undefined, null],
])('an image %s has etcd %s', (image, version) => {
  expect(imageVersion(image)).toBe(version);
});
