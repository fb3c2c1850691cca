import { Failure, systemClock, type Clock, type FailureCode } from '@holdfast/base';
import type { MemberDescription } from '@holdfast/model';
import { discoverCluster } from '../host/discover.ts';
import { hostDriverFor, type HostDriver, type StartOptions } from '../host/driver.ts';
import { proveStarted, proveStopped } from '../host/proof.ts';

/** One thing that is asked of a driver in a process of its own, as JSON. */
export interface DriverCall {
  readonly member: MemberDescription;
  readonly act: keyof HostDriver | 'proveStopped' | 'proveStarted' | 'discover';
  readonly start?: StartOptions;
  /** Milliseconds after which its signal ends. */
  readonly withinMs?: number;
}

/** What came of it. */
export type DriverAnswer =
  | { readonly value: unknown }
  | { readonly failure: { readonly code: FailureCode; readonly why: string } };

/** A clock by which waiting between looks takes its time, but patience ends twenty times as early. */
export const hastyClock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() * 20 };

/** A process that is called with this file reads a call from its input and prints the answer. */
async function answerCall({ member, act, start, withinMs = 30_000 }: DriverCall): Promise<DriverAnswer> {
  const clock = act === 'stop' ? hastyClock : systemClock;
  const driver = hostDriverFor(member, clock);
  const signal = AbortSignal.timeout(withinMs);
  const acts: Record<DriverCall['act'], () => Promise<unknown>> = {
    state: () => driver.state(signal),
    stop: () => driver.stop(signal),
    start: () => driver.start(start ?? {}, signal),
    program: () => driver.program(),
    logTail: () => driver.logTail(),
    proveStopped: () => proveStopped(member, driver, signal, clock),
    proveStarted: () => proveStarted(member, driver, signal, clock),
    discover: () => discoverCluster('found', member.clientUrls),
  };
  try {
    return { value: (await acts[act]()) ?? null };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: { code: error.code, why: error.why } };
  }
}

if (import.meta.main) {
  const asked: Buffer[] = [];
  for await (const chunk of process.stdin) asked.push(chunk as Buffer);
  const call = JSON.parse(Buffer.concat(asked).toString()) as DriverCall;
  process.stdout.write(JSON.stringify(await answerCall(call)));
}
