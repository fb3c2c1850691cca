import { expect, test } from 'vitest';
import { policyFaults } from './policy-fault.ts';
import { rancher16Policy } from './rancher16.ts';

function told(env: Record<string, string>): unknown {
  const wish = rancher16Policy(env, '/var/etcd/backups');
  if (wish.kind === 'invalid') return wish.problem;
  if (wish.kind !== 'policy') return wish.kind;
  expect(policyFaults(wish.policy, new Date('2026-11-20T09:14:07Z'))).toEqual([]);
  return [wish.policy.schedule, wish.policy.retention.within];
}

test('without any of the variables nobody asked for anything', () => {
  expect(told({})).toBe('unset');
  expect(told({ EMBEDDED_BACKUPS: '', BACKUP_PERIOD: '' })).toBe('unset');
});

test('what is not set has its default: on, every 15 minutes, for a day', () => {
  expect(told({ EMBEDDED_BACKUPS: 'true' })).toEqual([{ intervalHours: 0.25 }, '1d']);
  expect(told({ BACKUP_PERIOD: '1h30m' })).toEqual([{ intervalHours: 1.5 }, '1d']);
  expect(told({ BACKUP_RETENTION: '0.5h' })).toEqual([{ intervalHours: 0.25 }, '30m']);
  expect(told({ BACKUP_PERIOD: '15m0s', BACKUP_RETENTION: '168h' })).toEqual([{ intervalHours: 0.25 }, '1w']);
});

test.each(['false', 'True', '1', 'yes'])('anything but true turns it off: %s', (word) => {
  expect(told({ EMBEDDED_BACKUPS: word, BACKUP_PERIOD: 'nonsense' })).toBe('off');
});

test.each(['15', '15 m', '-1h', '1d', '29s', '0', 'h', '1h30'])('"%s" is no period', (word) => {
  expect(told({ BACKUP_PERIOD: word })).toBe(
    `BACKUP_PERIOD is "${word}", and not a duration of 30 seconds or more such as 15m or 1h30m`,
  );
});

test.each(['87601h', `${'9'.repeat(400)}h`])('%s is too long', (word) => {
  for (const name of ['BACKUP_PERIOD', 'BACKUP_RETENTION'])
    expect(told({ [name]: word })).toBe(`${name} is "${word}", and longer than ten years`);
});

test.each([
  ['30s', 1 / 120],
  ['30000ms', 1 / 120],
  ['+1h', 1],
  ['.5h', 0.5],
  ['1.5h30m', 2],
])('a period of %s is one of %d hours', (word, intervalHours) => {
  expect(told({ BACKUP_PERIOD: word })).toEqual([{ intervalHours }, '1d']);
});
