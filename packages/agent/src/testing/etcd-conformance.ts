import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberDescription } from '@holdfast/model';
import { expect, test } from 'vitest';
import type { EtcdDriver } from '../host/driver.ts';
import { describeDriver, type DriverUnderTest } from './driver-conformance.ts';

/** A driver with a real etcd behind it. */
export interface EtcdUnderTest extends DriverUnderTest<EtcdDriver> {
  readonly member: MemberDescription;
  /** Whether it cannot be told that it joins: why, in the driver's words. */
  readonly cannotJoin?: RegExp;
}

type Given =
  | 'driver'
  | 'member'
  | 'proveStopped'
  | 'proveStarted'
  | 'startFromElsewhere'
  | 'commandOf'
  | 'freeze';

/** What is the same of every driver's etcd. */
export function etcdUnderTest<T extends Pick<EtcdUnderTest, Given> & AsyncDisposable>(
  under: T,
): T & EtcdUnderTest {
  return Object.assign(under, {
    program: 'etcd',
    notStopped: 'etcd-not-stopped' as const,
    notStarted: 'etcd-not-started' as const,
    spoiled: /not a directory/,
    spoil: async () => bar(under.member),
  });
}

async function bar({ dataDir }: MemberDescription): Promise<() => Promise<void>> {
  const [data, kept] = [join(dataDir, 'member'), join(dataDir, 'member.kept')];
  await rename(data, kept);
  await writeFile(data, 'barred by a restore\n', { mode: 0o400 });
  return async () => {
    await rm(data);
    await rename(kept, data);
  };
}

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** What every driver of etcd must do. */
export function describeEtcdDriver(name: string, make: () => Promise<EtcdUnderTest>): void {
  let made: EtcdUnderTest;
  const makeOne = async (): Promise<EtcdUnderTest> => (made = await make());
  describeDriver<EtcdDriver>(name, makeOne, (under, pidOf) => {
    test('flags of a member that joins are there while it joins, and gone when that is over', async () => {
      const { driver } = under();
      const { member } = made;
      const initialCluster = `other=http://127.0.0.1:1,${member.name}=${member.peerUrls.join(',')}`;
      const flags = [`--initial-cluster=${initialCluster}`, '--initial-cluster-state=existing'];
      await driver.stop(soon());
      if (made.cannotJoin !== undefined) {
        const refused = { code: 'etcd-not-started', why: expect.stringMatching(made.cannotJoin) as string };
        await expect(driver.tellJoin({ initialCluster }, soon())).rejects.toMatchObject(refused);
        await driver.tellJoin(undefined, soon());
        await driver.start(soon());
        return;
      }
      await driver.tellJoin({ initialCluster }, soon());
      await driver.start(soon());
      expect((await under().commandOf(await pidOf())).slice(-2)).toEqual(flags);
      await under().proveStarted(soon());
      await driver.stop(soon());
      await driver.tellJoin(undefined, soon());
      await driver.start(soon());
      expect(await under().commandOf(await pidOf())).not.toContain(flags[0]);
      await under().proveStarted(soon());
    });

    test('its data is left as it is when it is stopped again', async () => {
      const database = join(made.member.dataDir, 'member', 'snap', 'db');
      await under().driver.stop(soon());
      await under().proveStopped(soon());
      const before = await readFile(database);
      await under().driver.stop(soon());
      expect((await readFile(database)).equals(before)).toBe(true);
    });

    test('data that is brought from elsewhere is what it runs from', async () => {
      const { driver } = under();
      const data = join(made.member.dataDir, 'member');
      await rename(data, `${data}.kept`);
      await mkdir(data, { mode: 0o700 });
      await driver.start(soon());
      await under().proveStarted(soon());
      await driver.stop(soon());
      await under().proveStopped(soon());
      await rm(data, { recursive: true });
      await rename(`${data}.kept`, data);
    });
  });
}
