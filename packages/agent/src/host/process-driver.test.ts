import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFailure, systemClock } from '@holdfast/base';
import { HostDescription, type MemberDescription } from '@holdfast/model';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { etcdHost } from './driver.ts';
import { proveStopped } from './proof.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'holdfast-host-'));
});
afterAll(async () => rm(dir, { recursive: true }));

function describedBy(command: string[]): MemberDescription {
  const run = HostDescription.parse({ driver: 'process', command, logFile: join(dir, 'log') });
  return {
    name: 'a',
    peerUrls: ['http://127.0.0.1:1'],
    clientUrls: ['http://127.0.0.1:1'],
    dataDir: dir,
    run,
  };
}

async function startOf(command: string[]): Promise<unknown> {
  const { driver } = etcdHost(describedBy(command), systemClock);
  const signal = AbortSignal.timeout(5_000);
  try {
    await driver.tellJoin({ initialCluster: 'a=b' }, signal);
    return await driver.start(signal);
  } catch (error) {
    return error;
  }
}

test('a program that is not there is a failure to start', async () => {
  const error = await startOf([join(dir, 'etcd')]);
  expect(isFailure(error, 'etcd-not-started') && error.why).toMatch(/ENOENT/);
});

test('flags that would not count are not given', async () => {
  const error = await startOf(['etcd', '--config-file=/etc/etcd.yml']);
  expect(isFailure(error, 'etcd-not-started') && error.why).toMatch(/\/etc\/etcd\.yml/);
});

test('a data directory that nothing holds is proven to be at rest', async () => {
  const { hosted, driver } = etcdHost(describedBy(['etcd']), systemClock);
  const evidence = await proveStopped(hosted, driver, AbortSignal.timeout(5_000), systemClock);
  expect(evidence).toMatchObject({ stopped: true, holders: [], listening: [] });
});
