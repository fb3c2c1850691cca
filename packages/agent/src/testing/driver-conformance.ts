import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '@holdfast/base';
import type { MemberDescription } from '@holdfast/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostDriver } from '../host/driver.ts';

/** A driver and the proofs about it, with a real etcd behind it that has never run. */
export interface DriverUnderTest extends AsyncDisposable {
  readonly member: MemberDescription;
  /** Of a clock on which the patience of the driver does not take as long. */
  readonly driver: HostDriver;
  proveStopped(signal: AbortSignal): Promise<unknown>;
  proveStarted(signal: AbortSignal): Promise<unknown>;
  /** Starts it from a process of its own, which has ended when this returns. */
  startFromElsewhere(): Promise<void>;
  /** The words of a process, by the pid that the driver tells. */
  commandOf(pid: number): Promise<readonly string[]>;
  /** Stops a process in its tracks: it hears nothing any more. */
  freeze(pid: number): Promise<void>;
}

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

async function failureOf(
  promise: Promise<unknown>,
  code: 'etcd-not-started' | 'etcd-not-stopped',
): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (!isFailure(error, code)) throw error;
  return error.why;
}

/** What every driver must do. The tests are steps of one story and run in this order. */
export function describeDriver(name: string, make: () => Promise<DriverUnderTest>): void {
  describe(`${name} is a host driver:`, () => {
    let under: DriverUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(async () => {
      await under?.[Symbol.asyncDispose]();
    });
    const pidOf = async (): Promise<number> => {
      const { running, pid } = await under.driver.state(soon());
      expect(running).toBe(true);
      return pid ?? 0;
    };

    test('what never ran is stopped, and is no failure to stop', async () => {
      expect(await under.driver.state(soon())).toMatchObject({ running: false });
      await under.driver.stop(soon());
      await under.proveStopped(soon());
      expect(await under.driver.program()).toMatch(/^\/.*\/etcd$/);
    });
    starting(() => under, pidOf);
    stopping(() => under, pidOf);
    failing(() => under);
  });
}

function starting(under: () => DriverUnderTest, pidOf: () => Promise<number>): void {
  test('it starts, is proven to run from its data, and is not started twice', async () => {
    const { driver, member } = under();
    await driver.start({}, soon());
    const pid = await pidOf();
    expect(await under().proveStarted(soon())).toMatchObject({ started: true, pid });
    await driver.start({}, soon());
    expect(await pidOf()).toBe(pid);
    expect(await driver.logTail()).toMatch(/\S/);
    const why = await failureOf(under().proveStopped(AbortSignal.timeout(300)), 'etcd-not-stopped');
    expect(why).toMatch(/\S/);
    expect(member.name).not.toBe('');
  });

  test('it outlives whoever started it', async () => {
    await under().driver.stop(soon());
    await under().startFromElsewhere();
    await under().proveStarted(soon());
  });

  test('flags of a member that joins are there while it joins, and gone the next time', async () => {
    const { driver, member } = under();
    const initialCluster = `other=http://127.0.0.1:1,${member.name}=${member.peerUrls.join(',')}`;
    const flags = [`--initial-cluster=${initialCluster}`, '--initial-cluster-state=existing'];
    await driver.stop(soon());
    await driver.start({ join: { initialCluster } }, soon());
    expect((await under().commandOf(await pidOf())).slice(-2)).toEqual(flags);
    await under().proveStarted(soon());
    await driver.stop(soon());
    await driver.start({}, soon());
    expect(await under().commandOf(await pidOf())).not.toContain(flags[0]);
    await under().proveStarted(soon());
  });
}

function stopping(under: () => DriverUnderTest, pidOf: () => Promise<number>): void {
  test('it stops, is proven to be stopped, and is not stopped twice; its data is left', async () => {
    const { driver, member } = under();
    const database = join(member.dataDir, 'member', 'snap', 'db');
    await driver.stop(soon());
    await under().proveStopped(soon());
    expect(await driver.state(soon())).toMatchObject({ running: false });
    const before = await readFile(database);
    await driver.stop(soon());
    expect((await readFile(database)).equals(before)).toBe(true);
  });

  test('one that hears nothing is ended all the same', async () => {
    const { driver } = under();
    await driver.start({}, soon());
    await under().proveStarted(soon());
    await under().freeze(await pidOf());
    await driver.stop(soon());
    await under().proveStopped(soon());
  });
}

function failing(under: () => DriverUnderTest): void {
  test('an etcd that dies at once is reported with the end of its log', async () => {
    const { driver, member } = under();
    const [data, kept] = [join(member.dataDir, 'member'), join(member.dataDir, 'member.kept')];
    await rename(data, kept);
    await writeFile(data, 'barred by a restore\n', { mode: 0o400 });
    expect(await failureOf(driver.start({}, soon()), 'etcd-not-started')).toMatch(/not a directory/);
    await driver.stop(soon());
    await under().proveStopped(soon());
    expect(await failureOf(under().proveStarted(soon()), 'etcd-not-started')).toMatch(/not a directory/);
    await rm(data);
    await rename(kept, data);
    await driver.start({}, soon());
    await under().proveStarted(soon());
    await driver.stop(soon());
  });

  test('data that is brought from elsewhere is what it runs from', async () => {
    const { driver, member } = under();
    const data = join(member.dataDir, 'member');
    await rename(data, `${data}.kept`);
    await mkdir(data, { mode: 0o700 });
    await driver.start({}, soon());
    await under().proveStarted(soon());
    await driver.stop(soon());
    await under().proveStopped(soon());
    await rm(data, { recursive: true });
    await rename(`${data}.kept`, data);
  });
}
