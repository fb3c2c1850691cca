import { describe, expect, test } from 'vitest';
import { givenBackName, type NameRequest } from './file-name.ts';

function named(name: string, rest: Omit<NameRequest, 'manifest'>, of: Partial<NameRequest['manifest']> = {}) {
  const member = { id: '1', name: 'm1', endpoint: 'https://10.0.0.7:2379', role: 'leader', why: '' } as const;
  const at = '2026-11-20T09:10:07.400Z';
  const times = { startedAt: at, finishedAt: at };
  return givenBackName({ manifest: { name, times, companions: null, member, ...of }, ...rest });
}

describe('K3s and RKE2', () => {
  test('a name ends with the node and the unix time, which both read back', () => {
    expect(named('before-upgrade', { as: 'k3s', form: 'raw' })).toEqual({
      file: 'on-demand-m1-1795165807',
      bare: 'on-demand-m1-1795165807',
    });
    expect(named('before-upgrade', { as: 'rke2', form: 'zip', node: 'cp-1.example' }).file).toBe(
      'on-demand-cp-1.example-1795165807.zip',
    );
  });

  test('node and time of the snapshot are kept, and its base is not, for their retention goes by it', () => {
    const scheduled = named('etcd-snapshot-server-1-1790000000', { as: 'k3s', form: 'raw' });
    expect(scheduled.file).toBe('on-demand-server-1-1790000000');
  });

  test('a member of K3s has 8 letters behind its node', () => {
    const member = { id: '1', name: 'server-1-1f2e3d4c', endpoint: '', role: 'leader', why: '' } as const;
    expect(named('x', { as: 'k3s', form: 'raw' }, { member }).file).toBe('on-demand-server-1-1795165807');
  });

  test('the second of one second has no number behind its time', () => {
    expect(named('on-demand-a-1790000000.2', { as: 'k3s', form: 'raw' }).file).toBe('on-demand-a-1790000000');
  });
});

describe('RKE', () => {
  test.each([
    ['nightly', 'rke_etcd_snapshot_2026-11-20T09:10:07Z'],
    ['2026-10-15T14:53:26Z_etcd', 'rke_etcd_snapshot_2026-10-15T14:53:26Z'],
    ['rke_etcd_snapshot_2020-10-15T16:47:24+02:00', 'rke_etcd_snapshot_2020-10-15T16:47:24+02:00'],
    ['c-9dmxz-ml-8b2cx_2026-10-15T14:53:26Z', 'c-9dmxz-ml-8b2cx_2026-10-15T14:53:26Z'],
  ])('%s is called %s', (name, bare) => {
    expect(named(name, { as: 'rke', form: 'zip' })).toEqual({ file: `${bare}.zip`, bare });
    expect(named(name, { as: 'rke', form: 'raw' }).file).toBe(bare);
  });
});

describe('Alauda', () => {
  test('a name has the date, the time and the IP of the member that was saved', () => {
    expect(named('nightly', { as: 'alauda', form: 'tar' }).file).toBe(
      'snapshot-etcd-20261120-091007-10.0.0.7.tar',
    );
    expect(named('nightly', { as: 'alauda', form: 'raw', node: '10.0.0.9' }).file).toBe(
      'snapshot-etcd-20261120-091007-10.0.0.9.tar',
    );
    const again = named('snapshot-etcd-20260101-000000-10.0.0.5', { as: 'alauda', form: 'tar' });
    expect(again.file).toBe('snapshot-etcd-20260101-000000-10.0.0.5.tar');
  });

  test('without an IP nothing is guessed', () => {
    const member = { id: '1', name: 'm1', endpoint: 'https://etcd-1:2379', role: 'leader', why: '' } as const;
    expect(() => named('nightly', { as: 'alauda', form: 'tar' }, { member })).toThrow(
      expect.objectContaining({ why: expect.stringMatching(/give it with --node/) as string }),
    );
    expect(() => named('nightly', { as: 'alauda', form: 'tar', node: 'cp-1' })).toThrow(
      expect.objectContaining({ why: expect.stringMatching(/no IPv4 address/) as string }),
    );
  });
});

test.each(['../evil', 'a/b', '', '.hidden'])('%j is no node', (node) => {
  expect(() => named('x', { as: 'k3s', form: 'raw', node })).toThrow(
    expect.objectContaining({ why: expect.stringMatching(/cannot be the name of a node/) as string }),
  );
});
