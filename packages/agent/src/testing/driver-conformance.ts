import { isFailure, type FailureCode } from '@holdfast/base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostDriver } from '../host/driver.ts';

/** A driver and the proofs about it, with a real program behind it that has never run. */
export interface DriverUnderTest<Driver extends HostDriver = HostDriver> extends AsyncDisposable {
  /** Of a clock on which the patience of the driver does not take as long. */
  readonly driver: Driver;
  /** What its program's file is called, and the codes of its failures. */
  readonly program: string;
  /** Whether that file lies where nobody can tell its path from outside: in an image, or in another program. */
  readonly isHidden?: boolean;
  readonly notStopped: FailureCode;
  readonly notStarted: FailureCode;
  proveStopped(signal: AbortSignal): Promise<unknown>;
  proveStarted(signal: AbortSignal): Promise<unknown>;
  /** Starts it from a process of its own, which has ended when this returns. */
  startFromElsewhere(): Promise<void>;
  /** The words of a process, by the pid that the driver tells. */
  commandOf(pid: number): Promise<readonly string[]>;
  /** Stops a process in its tracks: it hears nothing any more. */
  freeze(pid: number): Promise<void>;
  /** Makes it die at once whenever it is started, saying `spoiled`; what is returned makes it whole again. */
  spoil(): Promise<() => Promise<void>>;
  /** What it says then. */
  readonly spoiled: RegExp;
}

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

async function failureOf(promise: Promise<unknown>, code: FailureCode): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  if (!isFailure(error, code)) throw error;
  return error.why;
}

/**
 * What every driver must do. The tests are steps of one story and run in this order.
 *
 * @param more further steps, with what is under test and the pid of what runs
 */
export function describeDriver<Driver extends HostDriver>(
  name: string,
  make: () => Promise<DriverUnderTest<Driver>>,
  more: (under: () => DriverUnderTest<Driver>, pidOf: () => Promise<number>) => void = () => undefined,
): void {
  describe(`${name} is a host driver:`, () => {
    let under: DriverUnderTest<Driver>;
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
      expect(await under.driver.stop(soon())).toBe(false);
      await under.proveStopped(soon());
      expect(await under.driver.whyUnstartable(soon())).toBeUndefined();
      const program = under.isHidden === true ? undefined : new RegExp(`^/.*/${under.program}$`);
      expect(await under.driver.program()).toEqual(program && expect.stringMatching(program));
    });
    starting(() => under, pidOf);
    more(() => under, pidOf);
    stopping(() => under, pidOf);
    failing(() => under);
  });
}

function starting(under: () => DriverUnderTest, pidOf: () => Promise<number>): void {
  test('it starts, is proven to do its work, and is not started twice', async () => {
    const { driver, notStopped } = under();
    await driver.start(soon());
    const pid = await pidOf();
    expect(await under().proveStarted(soon())).toMatchObject({ started: true, pid });
    await driver.start(soon());
    expect(await pidOf()).toBe(pid);
    expect(await driver.logTail()).toMatch(/\S/);
    const why = await failureOf(under().proveStopped(AbortSignal.timeout(300)), notStopped);
    expect(why).toMatch(/\S/);
  });

  test('it outlives whoever started it', async () => {
    expect(await under().driver.stop(soon())).toBe(true);
    await under().startFromElsewhere();
    await under().proveStarted(soon());
  });
}

function stopping(under: () => DriverUnderTest, pidOf: () => Promise<number>): void {
  test('it stops, is proven to be stopped, and is not stopped twice', async () => {
    const { driver } = under();
    await driver.stop(soon());
    await under().proveStopped(soon());
    expect(await driver.state(soon())).toMatchObject({ running: false });
    expect(await driver.stop(soon())).toBe(false);
  });

  test('one that hears nothing is ended all the same', async () => {
    const { driver } = under();
    await driver.start(soon());
    await under().proveStarted(soon());
    await under().freeze(await pidOf());
    await driver.stop(soon());
    await under().proveStopped(soon());
  });
}

function failing(under: () => DriverUnderTest): void {
  test('one that dies at once is reported with the end of its log', async () => {
    const { driver, notStarted, spoiled } = under();
    const mend = await under().spoil();
    expect(await failureOf(driver.start(soon()), notStarted)).toMatch(spoiled);
    await driver.stop(soon());
    await under().proveStopped(soon());
    expect(await failureOf(under().proveStarted(soon()), notStarted)).toMatch(spoiled);
    await mend();
    await driver.start(soon());
    await under().proveStarted(soon());
    await driver.stop(soon());
    await under().proveStopped(soon());
  });
}
