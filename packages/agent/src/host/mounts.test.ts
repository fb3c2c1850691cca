import { expect, test } from 'vitest';
import { outsidePath } from './mounts.ts';

const mounts = [
  { inside: '/var/lib', outside: '/srv' },
  { inside: '/var/lib/etcd/', outside: '/data/etcd' },
];

test.each([
  ['/var/lib/etcd', '/data/etcd'],
  ['/var/lib/etcd/wal', '/data/etcd/wal'],
  ['/var/lib/etcd-2', '/srv/etcd-2'],
  ['/etc', undefined],
])('what a container sees as %s is %s of the machine', (inside, outside) => {
  expect(outsidePath(inside, mounts)).toBe(outside);
});
