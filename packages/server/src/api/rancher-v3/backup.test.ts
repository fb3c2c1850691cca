import { describe, expect, test } from 'vitest';
import { operation, snapshot } from '../../store/testing/samples.ts';
import { backupsOf, objectName, type BackupSources } from './backup.ts';

const at = (hour: number): string => `2026-11-22T0${hour}:00:00.000Z`;
const main = { name: 'main', spec: { name: 'main', path: '/backup', readByServer: true }, scannedAt: at(5) };
const local = {
  name: 'local',
  spec: { name: 'local', path: '/backup', readByServer: false },
  scannedAt: null,
};
const read = (sources: Partial<BackupSources>) =>
  backupsOf('c-aaaaa', { snapshots: [], saves: [], repositories: [main, local], ...sources });
const saved = (storedIn: string[], endedAt: string) =>
  operation('op-aaaaa', {
    ...{ state: 'succeeded', createdAt: at(3), startedAt: at(3), endedAt },
    ...{ input: { targets: [{ repository: 'main' }] }, result: { snapshot: 'one', storedIn } },
  });

test.each([
  ['c-9dmxz-ms-t6bjb_2020-10-15T14:53:26Z', 'c-9dmxz-ms-t6bjb'],
  ['c-9dmxz-rl-8b2cx_2020-10-15T14-53-26Z.zip', 'c-9dmxz-rl-8b2cx'],
  ['etcd-snapshot-cp1-1652289948', 'etcd-snapshot-cp1-1652289948'],
])('the object of snapshot %s is %s', (name, object) => {
  expect(objectName(name)).toBe(object);
});

describe('a save', () => {
  test('under way is activating, and is to come where it was asked to', () => {
    const input = { name: 'one', targets: [{ repository: 'main' }] };
    const save = operation('op-aaaaa', { state: 'running', startedAt: at(3), input });
    expect(read({ saves: [save] })).toMatchObject([
      { name: 'one', state: 'activating', places: ['main'], endedAt: null, operation: 'op-aaaaa' },
    ]);
  });

  test('that nobody has named goes by its operation until its name is known', () => {
    const save = operation('op-aaaaa', { input: { name: null } });
    expect(read({ saves: [save] })).toMatchObject([{ name: 'op-aaaaa' }]);
  });

  test('that failed tells why', () => {
    const failure = { code: 'x', what: 'the disk is full', why: 'no space', next: '', details: {} };
    const save = operation('op-aaaaa', { state: 'failed', endedAt: at(4), failure });
    expect(read({ saves: [save] })).toMatchObject([
      { state: 'failed', message: 'the disk is full: no space', stored: [] },
    ]);
    const cancelled = operation('op-aaaaa', { state: 'cancelled', endedAt: at(4), why: 'given up' });
    expect(read({ saves: [cancelled] })).toMatchObject([{ state: 'failed', message: 'given up' }]);
  });

  test('is active where the server cannot look, and until it has looked again', () => {
    expect(read({ saves: [saved(['local'], at(4))] })).toMatchObject([
      { state: 'active', message: '', stored: [{ repository: 'local', id: null }] },
    ]);
    expect(read({ saves: [saved(['main'], at(6))] })).toMatchObject([{ state: 'active' }]);
    const never = { ...main, scannedAt: null };
    expect(read({ saves: [saved(['main'], at(4))], repositories: [never] })).toMatchObject([
      { state: 'active' },
    ]);
  });

  test('is failed once the server has looked and it is not there any more', () => {
    const gone = { state: 'failed', message: 'the snapshot is not in its repository any more', stored: [] };
    expect(read({ saves: [saved(['main'], at(4))] })).toMatchObject([gone]);
    expect(read({ saves: [saved(['removed'], at(4))] })).toMatchObject([gone]);
    const missing = snapshot('one', { missing: true });
    expect(read({ saves: [saved(['main'], at(6))], snapshots: [missing] })).toMatchObject([gone]);
  });
});

describe('a stored snapshot', () => {
  test('is one backup wherever it is stored, with what its save knows', () => {
    const snapshots = [snapshot('one', { kubernetesVersion: 'v1.30.2' })];
    expect(read({ snapshots, saves: [saved(['local', 'main'], at(4))] })).toMatchObject([
      {
        ...{ snapshot: 'one', state: 'active', by: 'alice', createdAt: at(3), kubernetesVersion: 'v1.30.2' },
        ...{ places: ['local', 'main'], operation: 'op-aaaaa' },
      },
    ]);
  });

  test('of another Holdfast, or older than what is remembered, is a backup too', () => {
    const snapshots = [snapshot('one', { trigger: 'schedule' })];
    expect(read({ snapshots })).toMatchObject([
      { manual: false, by: null, operation: null, state: 'active' },
    ]);
  });

  test('is failed where all of it is damaged, and active where one is not', () => {
    const bad = snapshot('one', { state: 'damaged' });
    expect(read({ snapshots: [bad] })).toMatchObject([
      { state: 'failed', message: 'the stored snapshot is damaged' },
    ]);
    const good = snapshot('one', { repository: 'other', id: 'other:one' });
    expect(read({ snapshots: [bad, good] })).toMatchObject([{ state: 'active' }]);
  });
});

test('the newest is told first', () => {
  const snapshots = [
    snapshot('old', { startedAt: at(1) }),
    snapshot('new', { startedAt: at(3) }),
    snapshot('mid', { startedAt: at(2) }),
  ];
  expect(read({ snapshots }).map(({ name }) => name)).toEqual(['new', 'mid', 'old']);
});
