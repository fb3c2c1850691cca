import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  defaultSnapshotName,
  isSnapshotName,
  numberedSnapshotName,
  parseSnapshotName,
  snapshotNameFault,
} from './snapshot-name.ts';

const at = (text: string): Date => new Date(text);

test.each([
  [
    'on-demand-my-super-rancher-k8s-node1-1652288934',
    {
      form: 'k3s',
      base: 'on-demand',
      node: 'my-super-rancher-k8s-node1',
      at: at('2022-05-11T17:08:54Z'),
      recurring: false,
    },
  ],
  [
    'etcd-snapshot-my-super-rancher-k8s-node2-1652289948.zip',
    {
      form: 'k3s',
      base: 'etcd-snapshot',
      node: 'my-super-rancher-k8s-node2',
      at: at('2022-05-11T17:25:48Z'),
      recurring: true,
    },
  ],
  [
    'before-upgrade-cp1-1652289948',
    { form: 'k3s', base: 'before-upgrade', node: 'cp1', at: at('2022-05-11T17:25:48Z') },
  ],
  [
    'on-demand-n1-1652288934.2',
    { form: 'k3s', base: 'on-demand', node: 'n1', at: at('2022-05-11T17:08:54Z'), recurring: false },
  ],
  [
    'rke_etcd_snapshot_2020-10-15T16:47:24+02:00',
    { form: 'rke-one-time', base: 'rke_etcd_snapshot', at: at('2020-10-15T14:47:24Z'), recurring: false },
  ],
  [
    '/opt/rke/etcd-snapshots/2020-10-15T14:53:26Z_etcd.zip',
    { form: 'rke-recurring', at: at('2020-10-15T14:53:26Z'), recurring: true },
  ],
  [
    '2018-04-09T15:03:54Z_etcd_1',
    { form: 'rancher-1.6', node: '1', at: at('2018-04-09T15:03:54Z'), recurring: true },
  ],
  [
    'c-9dmxz-rl-8b2cx_2020-10-15T14:53:26Z.zip',
    { form: 'rancher-rke1', base: 'c-9dmxz-rl-8b2cx', at: at('2020-10-15T14:53:26Z'), recurring: true },
  ],
  [
    'c-9dmxz-ms-t6bjb_2020-10-15T14-53-26Z',
    { form: 'rancher-rke1', base: 'c-9dmxz-ms-t6bjb', at: at('2020-10-15T14:53:26Z'), recurring: false },
  ],
  [
    'rke_etcd_snapshot_2020-10-15T16-47-24+02-00',
    { form: 'rke-one-time', base: 'rke_etcd_snapshot', at: at('2020-10-15T14:47:24Z'), recurring: false },
  ],
  [
    'snapshot-etcd-20240115-020000-192.168.132.10.tar',
    { form: 'alauda', node: '192.168.132.10', at: at('2024-01-15T02:00:00Z') },
  ],
  [
    'snapshot-etcd-2024-01-15-02:00:00-10.0.0.1.tar',
    { form: 'alauda', node: '10.0.0.1', at: at('2024-01-15T02:00:00Z') },
  ],
  ['2020-13-45T14:53:26Z_etcd', { form: 'free' }],
  ['nightly', { form: 'free' }],
])('%s is understood', (name, expected) => {
  expect(parseSnapshotName(name)).toEqual(expected);
});

test('the default name can be parsed back, whatever the node is called', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1_000_000_000, max: 9_999_999_999 }), (node, unix) => {
      const name = defaultSnapshotName('on-demand', node, new Date(unix * 1000));
      expect(isSnapshotName(name)).toBe(true);
      expect(parseSnapshotName(name)).toMatchObject({
        form: 'k3s',
        base: 'on-demand',
        at: new Date(unix * 1000),
      });
      expect(isSnapshotName(numberedSnapshotName(name, 2))).toBe(true);
    }),
  );
});

test.each([
  ['', 'it is empty'],
  ['.', 'it begins with "."'],
  ['..', 'it begins with "."'],
  ['.hidden', 'it begins with "."'],
  ['-o', 'it begins with "-"'],
  ['a/b', 'it has "/" in it'],
  ['a\\b', String.raw`it has "\\" in it`],
  ['a..b', 'it has ".." in it'],
  ['a b', 'it has " " in it'],
  ['a\n', String.raw`it has "\n" in it`],
  ['a\0', String.raw`it has "\u0000" in it`],
  ['ü😀', 'it has "ü" in it'],
  ['x😀', 'it has "😀" in it'],
  ['x'.repeat(201), 'it has 201 characters'],
])('%j cannot be a name: %s', (name, fault) => {
  expect(isSnapshotName(name)).toBe(false);
  expect(snapshotNameFault(name)).toBe(fault);
});
